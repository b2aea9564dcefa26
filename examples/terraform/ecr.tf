# The repository is made by bootstrap/, once for all environments: what production runs is the digest that stage has proved.

data "aws_ecr_repository" "main" {
  name = var.service
}
