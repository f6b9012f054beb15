// Package progress shows how a pull goes: one bar per layer on a terminal, one
// line per finished layer in a file or a pipe.
package progress
