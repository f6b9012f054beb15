// Package arch holds no code. Its test reads the imports of every package of the module and
// fails where an arrow points the wrong way: what may import what is a table in rules_test.go,
// with the reason for each row.
package arch
