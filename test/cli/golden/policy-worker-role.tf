# Needs version 1.252.0 or newer of the provider aliyun/alicloud.

# Policy acr-nopass, for the helper
resource "alicloud_ram_policy" "acr-nopass" {
  policy_name     = "acr-nopass"
  description     = "Managed by acr-nopass for the helper. Changed and removed by Terraform."
  policy_document = jsonencode({
    "Version": "1",
    "Statement": [
      {
        "Effect": "Allow",
        "Action": [
          "cr:GetAuthorizationToken"
        ],
        "Resource": [
          "*"
        ]
      },
      {
        "Effect": "Allow",
        "Action": [
          "cr:ListInstanceEndpoint"
        ],
        "Resource": [
          "acs:cr:cn-hangzhou:*:instance/cri-abc123"
        ]
      },
      {
        "Effect": "Allow",
        "Action": [
          "cr:PullRepository"
        ],
        "Resource": [
          "acs:cr:cn-hangzhou:*:repository/cri-abc123/base/*",
          "acs:cr:cn-hangzhou:*:repository/cri-abc123/shop/*"
        ]
      }
    ]
  })
  rotate_strategy = "DeleteOldestNonDefaultVersionWhenLimitExceeded"
  tags            = { "managed-by" = "acr-nopass" }
}

# Policy acr-nopass for role KubernetesWorkerRole-1, for the helper
resource "alicloud_ram_role_policy_attachment" "KubernetesWorkerRole-1" {
  policy_name = alicloud_ram_policy.acr-nopass.policy_name
  policy_type = "Custom"
  role_name   = "KubernetesWorkerRole-1"
}
