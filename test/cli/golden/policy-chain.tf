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
          "acs:cr:cn-hangzhou:*:repository/cri-abc123/*"
        ]
      },
      {
        "Effect": "Allow",
        "Action": [
          "sts:AssumeRole"
        ],
        "Resource": [
          "acs:ram::6543210987654321:role/acr-pull"
        ]
      }
    ]
  })
  rotate_strategy = "DeleteOldestNonDefaultVersionWhenLimitExceeded"
  tags            = { "managed-by" = "acr-nopass" }
}

# Policy acr-nopass-acr-pull, for the registries behind acs:ram::6543210987654321:role/acr-pull; in account 6543210987654321, so it needs: provider "alicloud" { alias = "account_6543210987654321" }
resource "alicloud_ram_policy" "acr-nopass-acr-pull_6543210987654321" {
  provider        = alicloud.account_6543210987654321
  policy_name     = "acr-nopass-acr-pull"
  description     = "Managed by acr-nopass for the registries behind acs:ram::6543210987654321:role/acr-pull. Changed and removed by Terraform."
  policy_document = jsonencode({
    "Version": "1",
    "Statement": [
      {
        "Effect": "Allow",
        "Action": [
          "cr:GetAuthorizationToken",
          "cr:ListInstance"
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
          "acs:cr:ap-southeast-1:*:instance/*"
        ]
      },
      {
        "Effect": "Allow",
        "Action": [
          "cr:PullRepository"
        ],
        "Resource": [
          "acs:cr:ap-southeast-1:*:repository/*/shared/*"
        ]
      }
    ]
  })
  rotate_strategy = "DeleteOldestNonDefaultVersionWhenLimitExceeded"
  tags            = { "managed-by" = "acr-nopass" }
}

# Role acr-pull, for the registries behind acs:ram::6543210987654321:role/acr-pull; in account 6543210987654321, so it needs: provider "alicloud" { alias = "account_6543210987654321" }
resource "alicloud_ram_role" "acr-pull_6543210987654321" {
  provider                    = alicloud.account_6543210987654321
  role_name                   = "acr-pull"
  description                 = "Managed by acr-nopass for the registries behind acs:ram::6543210987654321:role/acr-pull. Changed and removed by Terraform."
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
            "sts:ExternalId": [
              "team-shop"
            ]
          }
        },
        "Principal": {
          "RAM": [
            "acs:ram::1234567890123456:role/worker"
          ]
        }
      }
    ]
  })
  tags                        = { "managed-by" = "acr-nopass" }
}

# Policy acr-nopass-acr-pull for role acr-pull, for the registries behind acs:ram::6543210987654321:role/acr-pull; in account 6543210987654321, so it needs: provider "alicloud" { alias = "account_6543210987654321" }
resource "alicloud_ram_role_policy_attachment" "acr-pull_6543210987654321" {
  provider    = alicloud.account_6543210987654321
  policy_name = alicloud_ram_policy.acr-nopass-acr-pull_6543210987654321.policy_name
  policy_type = "Custom"
  role_name   = alicloud_ram_role.acr-pull_6543210987654321.role_name
}
