package ns

// Run runs the program to its end and returns its exit status: 128+n where signal n ended it.
//
// While it runs, what the terminal sends to both (SIGINT, SIGQUIT) does not end the caller, and a SIGTERM or SIGHUP
// for the caller is passed on. Errors are those of [Unshare.Start].
func (u Unshare) Run() (status int, err error) {
	child, err := u.Start()
	if err != nil {
		return -1, err
	}
	defer child.Close()
	return child.Foreground()
}

// Run runs the program to its end and returns its exit status: 128+n where signal n ended it. Signals are treated
// as [Unshare.Run] does. Errors are those of [Enter.Start].
func (e Enter) Run() (status int, err error) {
	child, err := e.Start()
	if err != nil {
		return -1, err
	}
	defer child.Close()
	return child.Foreground()
}
