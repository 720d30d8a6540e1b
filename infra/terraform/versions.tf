terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }

  # Bucket and region come from backend.hcl, see README.md.
  backend "s3" {
    key          = "oracle/terraform.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      Project     = "oracle"
      Environment = var.name
      ManagedBy   = "terraform"
    }
  }
}
