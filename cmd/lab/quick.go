package main

import "github.com/urfave/cli/v2"

// quick wraps flags so that they know their names; they lose their Action. The library's own work them out with a regular expression
// whenever they are asked, and it asks once for every pair of a command's flags: with the fifty of run, that took a twentieth of its time.
func quick(flags []cli.Flag) []cli.Flag {
	list := make([]cli.Flag, len(flags))
	for i, f := range flags {
		switch f := f.(type) {
		case *cli.StringSliceFlag:
			list[i] = quickSlice{f, names(f)}
		case plainFlag:
			list[i] = quickFlag{f, names(f)}
		default:
			list[i] = f
		}
	}
	return list
}

// names are a flag's names, for the kinds that have many flags without the library's regular expression.
func names(f cli.Flag) []string {
	switch f := f.(type) {
	case *cli.BoolFlag:
		return append([]string{f.Name}, f.Aliases...)
	case *cli.StringFlag:
		return append([]string{f.Name}, f.Aliases...)
	case *cli.StringSliceFlag:
		return append([]string{f.Name}, f.Aliases...)
	}
	return f.Names()
}

// plainFlag is what all flags of the library can do that lab uses.
type plainFlag interface {
	cli.DocGenerationFlag
	cli.VisibleFlag
	cli.CategorizableFlag
}

type quickFlag struct {
	plainFlag
	names []string
}

func (f quickFlag) Names() []string { return f.names }

// quickSlice has the flag itself inside, not an interface: the library passes slices their separator by a method with a
// private type.
type quickSlice struct {
	*cli.StringSliceFlag
	names []string
}

func (f quickSlice) Names() []string { return f.names }
