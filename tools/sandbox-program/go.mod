module acr-nopass.invalid/tools/sandbox-program

go 1.21
