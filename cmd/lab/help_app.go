package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

// helpSections are the commands as `lab --help` lists them: what a learner meets first comes first.
var helpSections = [...]struct{ title, names string }{
	{"THE COURSE (lab check is short for lab course check)", "course check hint solve reset progress"},
	{"THE CHAPTERS", "chroot ns cgroup unionfs"},
	{"CONTAINERS", "run create start stop restart kill pause unpause wait rm rename update ps inspect exec attach logs top stats port cp diff commit export container"},
	{"IMAGES", "pull images history tag rmi save load import image"},
	{"THE MACHINE", "doctor info events system completion version"},
}

func appHelp(w io.Writer, app *cli.App) {
	var b strings.Builder
	fmt.Fprintf(&b, "lab - %s\n\nUSAGE:\n   lab [--explain | --step] COMMAND [ARGUMENTS]\n", app.Usage)
	for _, section := range helpSections {
		fmt.Fprintf(&b, "\n%s:\n", section.title)
		for name := range strings.FieldsSeq(section.names) {
			if c := app.Command(name); c != nil {
				fmt.Fprintf(&b, "   %-10s %s\n", name, c.Usage)
			}
		}
	}
	b.WriteString(appHelpEnd)
	_, _ = io.WriteString(w, b.String())
}

const appHelpEnd = `
GLOBAL OPTIONS, before the command:
   --root DIR    keep images and containers in DIR (default /var/lib/lab, or
                 what LAB_ROOT says)
   --explain     print every kernel call as it is made
   --step        stop before each kernel call and wait for Enter
   --debug       say more about errors
   --no-color    print without colours, as NO_COLOR does
   -h, --help    print this text; "lab COMMAND --help" says what each one takes
   -v, --version print the version

EXAMPLE:
   lab course start 000        begins with the first lab
   lab run --rm box            a container from nothing but this program
   lab --explain run --rm box  the same, with every kernel call that makes it
`
