environment  = "stage"
region       = "eu-central-1"
state_bucket = "example-terraform-state"

zone   = "example.com"
domain = "stage.example.com"

ci_subjects = ["repo:example/web:environment:stage"]
ci_pushes   = true

vpc_cidr             = "10.30.0.0/16"
zones                = ["eu-central-1a", "eu-central-1b"]
nat_gateway_per_zone = false

desired_count        = 2
strategy             = "BLUE_GREEN"
bake_minutes         = 1
database_multi_az    = false
database_backup_days = 7
deletion_protection  = false
