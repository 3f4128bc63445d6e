module acr-nopass.invalid/program

go 1.21
