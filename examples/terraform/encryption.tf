# One key for all that lies still: the database and its password, logs.

data "aws_caller_identity" "current" {}

resource "aws_kms_key" "main" {
  description             = local.name
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key.json
}

resource "aws_kms_alias" "main" {
  name          = "alias/${local.name}"
  target_key_id = aws_kms_key.main.key_id
}

data "aws_iam_policy_document" "key" {
  #checkov:skip=CKV_AWS_109:the policy of a key speaks of this key alone, and the account has to be able to manage it
  #checkov:skip=CKV_AWS_111:the policy of a key speaks of this key alone, and the account has to be able to manage it
  #checkov:skip=CKV_AWS_356:in the policy of a key, * is this key
  # Without this nobody could ever change the key again; who may use it is said by the policies of roles.
  statement {
    sid       = "Account"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${data.aws_caller_identity.current.account_id}:root"]
    }
  }

  statement {
    sid       = "Logs"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${var.region}.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:aws:logs:${var.region}:${data.aws_caller_identity.current.account_id}:log-group:/${local.name}/*"]
    }
  }
}
