package main

// run starts this program again, as "child", in new mount, PID and UTS namespaces, and waits for its end.
//
// Kernel: clone(2).
func run(root string, args []string) error {
	return nil // your code
}

// child is the first process of the new namespaces: it sets up what the program shall see, and becomes the program.
//
// Kernel: the calls of pivotRoot, sethostname(2), mount(2), execve(2).
func child(root string, args []string) error {
	return nil // your code
}
