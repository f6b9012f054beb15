package loop

import "strconv"

// Options are what the process is told, as its arguments.
type Options struct {
	Lab, Root, ID string // which lab to execute at the end, and with what
	Restart       string // "no", "on-failure", "always", "unless-stopped"
	Retries       int    // of on-failure; 0: without end
	Count         int    // how often it was started again already
	Delay         int    // ms to wait before the next time
	MaxSize       int64  // of a part of the log, in bytes; 0: one part without end
	MaxFiles      int    // parts of the log that are kept
	Terminal      bool   // TerminalFD is there, else StdoutFD and StderrFD are
	Stdin         bool   // StdinFD is there
}

// Args returns them as an argument vector.
func (o Options) Args() []string {
	return []string{
		"lab-monitor", o.Lab, o.Root, o.ID, o.Restart, strconv.Itoa(o.Retries), strconv.Itoa(o.Count), strconv.Itoa(o.Delay),
		strconv.FormatInt(o.MaxSize, 10), strconv.Itoa(o.MaxFiles),
		strconv.FormatBool(o.Terminal), strconv.FormatBool(o.Stdin),
	}
}

func parseOptions(args []string) (o Options, ok bool) {
	if len(args) != 12 {
		return o, false
	}
	o.Lab, o.Root, o.ID, o.Restart = args[1], args[2], args[3], args[4]
	for i, n := range [...]*int{&o.Retries, &o.Count, &o.Delay} {
		*n, _ = strconv.Atoi(args[5+i])
	}
	o.MaxSize, _ = strconv.ParseInt(args[8], 10, 64)
	o.MaxFiles, _ = strconv.Atoi(args[9])
	o.Terminal, o.Stdin = args[10] == "true", args[11] == "true"
	return o, true
}
