output "vpc_id" {
  description = "The private network."
  value       = aws_vpc.this.id
}

output "public_subnet_ids" {
  description = "Subnets of the load balancer, one per zone."
  value       = [for zone in var.availability_zones : aws_subnet.public[zone].id]
}

output "application_subnet_ids" {
  description = "Subnets of the machines, one per zone, with a way out and none in."
  value       = [for zone in var.availability_zones : aws_subnet.application[zone].id]
}

output "data_subnet_ids" {
  description = "Subnets of the database, one per zone, without a way out."
  value       = [for zone in var.availability_zones : aws_subnet.data[zone].id]
}

output "security_group_ids" {
  description = "Security groups by their part: balancer, application, database, monitoring, endpoints."
  value       = { for part, group in aws_security_group.this : part => group.id }
}

output "s3_endpoint_id" {
  description = "The gateway endpoint by which the machines reach S3."
  value       = aws_vpc_endpoint.s3.id
}

output "nat_addresses" {
  description = "Public addresses from which the machines reach the internet, for other people's allow lists."
  value       = [for zone in keys(local.nat_zones) : aws_eip.nat[zone].public_ip]
}
