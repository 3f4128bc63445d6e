# Needs version 1.252.0 or newer of the provider aliyun/alicloud.

# Policy acr-nopass-c0123, for cluster c0123
resource "alicloud_ram_policy" "acr-nopass-c0123" {
  policy_name     = "acr-nopass-c0123"
  description     = "Managed by acr-nopass for cluster c0123. Changed and removed by Terraform."
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
          "acs:cr:cn-hangzhou:*:repository/cri-abc123/shop/*"
        ]
      }
    ]
  })
  rotate_strategy = "DeleteOldestNonDefaultVersionWhenLimitExceeded"
  tags            = { "managed-by" = "acr-nopass" }
}

# Role acr-nopass-c0123, for cluster c0123
resource "alicloud_ram_role" "acr-nopass-c0123" {
  role_name                   = "acr-nopass-c0123"
  description                 = "Managed by acr-nopass for cluster c0123. Changed and removed by Terraform."
  assume_role_policy_document = jsonencode({
    "Version": "1",
    "Statement": [
      {
        "Effect": "Allow",
        "Action": [
          "sts:AssumeRole"
        ],
        "Condition": {
          "StringEquals": {
            "oidc:aud": [
              "sts.aliyuncs.com"
            ],
            "oidc:iss": [
              "https://oidc.example.com/c0123"
            ],
            "oidc:sub": [
              "system:serviceaccount:acr-nopass:acr-nopass"
            ]
          }
        },
        "Principal": {
          "Federated": [
            "acs:ram::1234567890123456:oidc-provider/ack-rrsa-c0123"
          ]
        }
      }
    ]
  })
  tags                        = { "managed-by" = "acr-nopass" }
}

# Policy acr-nopass-c0123 for role acr-nopass-c0123, for cluster c0123
resource "alicloud_ram_role_policy_attachment" "acr-nopass-c0123" {
  policy_name = alicloud_ram_policy.acr-nopass-c0123.policy_name
  policy_type = "Custom"
  role_name   = alicloud_ram_role.acr-nopass-c0123.role_name
}
