package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	lab "github.com/container-labs/lab"
	"github.com/container-labs/lab/internal/course"
	"github.com/container-labs/lab/labs"
)

// labsVariable says in the environment what --labs says.
const labsVariable = "LAB_LABS"

func labsFlag() cli.Flag {
	return &cli.StringFlag{Name: "labs", Usage: "read labs from the folder `DIR` too, where they win over those inside lab; ./labs where it is yours", EnvVars: []string{labsVariable}}
}

// catalog lists the labs: those inside the program, and those of a folder on disk.
func catalog(ctx *cli.Context) (*course.Catalog, error) { return catalogWith(ctx.String("labs")) }

// catalogWith is catalog, with the folder that was named; "" for none.
func catalogWith(disk string) (*course.Catalog, error) {
	if disk == "" {
		disk = ownLabs("labs")
	}
	if disk != "" {
		var err error
		if disk, err = filepath.Abs(disk); err != nil {
			return nil, err
		}
	}
	return course.NewCatalog(labs.Files, disk)
}

// ownLabs returns dir where it holds labs and belongs to root or to the caller, and nobody else may write there: labs run
// commands.
func ownLabs(dir string) string {
	var st unix.Stat_t
	if unix.Stat(dir, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR || st.Mode&0o002 != 0 {
		return ""
	}
	sudo, err := strconv.Atoi(os.Getenv("SUDO_UID"))
	if uid := int(st.Uid); uid != 0 && uid != os.Getuid() && !(err == nil && os.Getuid() == 0 && uid == sudo) {
		return ""
	}
	if found, _ := filepath.Glob(filepath.Join(dir, "[0-9][0-9][0-9]-*", "lab.yaml")); len(found) == 0 {
		return ""
	}
	return dir
}

func courseLintCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "[LAB…]",
		Description: `Without a name all labs are looked at. The exit status is 0 if nothing is wrong.

EXAMPLE:
   lab course lint 010`,
		Flags: courseFlags(),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error {
			c, err := catalog(ctx)
			if err != nil {
				return err
			}
			var names []string
			for _, word := range args {
				name, err := c.Find(word)
				if err != nil {
					return explainCourse(err)
				}
				names = append(names, name)
			}
			if names == nil {
				names = c.Names()
			}
			var wrong int
			problems := map[string][]string{}
			for _, name := range names {
				problems[name] = []string{}
				l, err := c.Load(name, "")
				if err == nil {
					err = l.Lint(lab.Source)
				}
				if err != nil {
					wrong++
					problems[name] = strings.Split(err.Error(), "\n")
					if !ctx.Bool("json") {
						fmt.Fprintln(std.out, err)
					}
				}
			}
			if ctx.Bool("json") {
				if err := printJSON(std.out, problems); err != nil {
					return err
				}
			}
			if wrong > 0 {
				return &exit{code: 1, err: errors.New(counted(wrong, "lab is not right", "labs are not right"))}
			}
			if !ctx.Bool("json") {
				fmt.Fprintln(std.out, counted(len(names), "lab is right", "labs are right"))
			}
			return nil
		}),
	}
}
