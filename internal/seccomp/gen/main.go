// Command gen writes the generated files of package seccomp, which are its
// system call tables and Docker's default profile compiled ahead:
//
//	go run ./gen tables     zsyscalls.go
//	go run ./gen default    zdefault_linux_*.go
//
// in this order, since the profile is compiled with the tables.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:], "."); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// run writes the files that the arguments name to dir.
func run(args []string, dir string) error {
	for _, arg := range args {
		var files map[string][]byte
		var err error
		switch arg {
		case "tables":
			files, err = tables()
		case "default":
			files, err = defaults()
		default:
			err = fmt.Errorf("unknown argument %q, want tables or default", arg)
		}
		if err != nil {
			return err
		}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}
