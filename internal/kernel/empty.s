// An assembly file in the package lets child.go declare functions without a body.
