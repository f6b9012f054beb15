// Package labs is the course: one folder for each lab, all of them inside the program too.
//
// docs/reference/lab-yaml.md is the format, docs/how-to/write-a-lab.md the way to a new one, and internal/course what
// loads and checks them.
package labs

import "embed"

// Files are the labs: 000-meet-your-machine/lab.yaml and so on.
//
//go:embed [0-9][0-9][0-9]-*
var Files embed.FS
