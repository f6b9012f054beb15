// Package lab holds the source of lab inside of lab: the lessons quote it by symbol, so what they show is what runs.
package lab

import "embed"

// Source is the Go source of the packages that lessons look into, by its path in the module: pkg/chroot/pivot.go.
//
//go:embed pkg/*/*.go internal/*/*.go cmd/lab/*.go
var Source embed.FS
