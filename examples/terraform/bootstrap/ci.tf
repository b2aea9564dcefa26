# The issuer of CI's tokens. An account has it once; the roles that trust it belong to the environments.

resource "aws_iam_openid_connect_provider" "ci" {
  url            = "https://${var.ci_issuer}"
  client_id_list = ["sts.amazonaws.com"]
}
