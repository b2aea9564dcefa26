environment  = "production"
region       = "eu-central-1"
state_bucket = "example-terraform-state"

zone   = "example.com"
domain = "www.example.com"

ci_subjects  = ["repo:example/web:environment:production"]
promote_from = "stage"

vpc_cidr             = "10.40.0.0/16"
zones                = ["eu-central-1a", "eu-central-1b"]
nat_gateway_per_zone = true

cpu               = 512
memory            = 1024
desired_count     = 4
strategy          = "CANARY"
bake_minutes      = 15
database_class    = "db.m7g.large"
database_storage  = 100
database_multi_az = true
