package chroot

// Run runs the program to its end and returns its exit status: 128+n where signal n ended it.
//
// While it runs, what the terminal sends to both (SIGINT, SIGQUIT) does not end the caller, and a SIGTERM or SIGHUP
// for the caller is passed on. Errors are those of [Command.Start].
func (c Command) Run() (status int, err error) {
	child, err := c.Start()
	if err != nil {
		return -1, err
	}
	defer child.Close()
	return child.Foreground()
}
