# What a machine is told when it first starts. There is no secret in it: whoever may describe an
# instance may read its user data. The machine fetches secrets by its role, at every start.

locals {
  instance = {
    region        = var.region
    settings_path = var.settings_path
    environment   = var.environment
    secrets       = var.secrets
    bucket        = var.bucket
    authorities   = var.authorities
    fingerprint   = var.settings_fingerprint
  }

  written = merge(
    { for path, content in var.files : "/opt/oracle/${path}" => { content = content, mode = "0644" } },
    {
      "/etc/oracle/instance.json"                  = { content = jsonencode(local.instance), mode = "0644" }
      "/etc/oracle/unit.env"                       = { content = "COMPOSE_FILE=/opt/oracle/${var.compose_file}\nVOLUME_ID=${var.volume_id == null ? "" : var.volume_id}\n", mode = "0644" }
      "/usr/local/lib/oracle/prepare.py"           = { content = file("${path.module}/files/prepare.py"), mode = "0644" }
      "/usr/local/lib/oracle/mount_volume"         = { content = file("${path.module}/files/mount_volume"), mode = "0755" }
      "/usr/local/bin/oracle-compose"              = { content = file("${path.module}/files/oracle-compose"), mode = "0755" }
      "/etc/systemd/system/oracle.service"         = { content = file("${path.module}/files/oracle.service"), mode = "0644" }
      "/etc/systemd/system/oracle-refresh.service" = { content = file("${path.module}/files/oracle-refresh.service"), mode = "0644" }
      "/etc/systemd/system/oracle-refresh.timer"   = { content = file("${path.module}/files/oracle-refresh.timer"), mode = "0644" }
    },
    var.registry == null ? {} : {
      "/etc/oracle/docker/config.json" = { content = jsonencode({ credHelpers = { (var.registry) = "ecr-login" } }), mode = "0600" }
    },
  )

  cloud_config = templatefile("${path.module}/files/user_data.tftpl", {
    written = local.written
    timer   = var.bucket != null
  })
}
