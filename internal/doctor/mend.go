package doctor

// A line is one that a person can paste: at most 74 characters, so that it fits behind the indentation. A test holds it.

const wslUpdate = "wsl.exe --update && wsl.exe --shutdown"

var (
	mendKernel = Mend{
		Any:    "install a kernel of your distribution, 5.11 or newer, and reboot",
		Debian: "sudo apt-get update\nsudo apt-get install linux-image-$(dpkg --print-architecture)\nsudo reboot",
		Ubuntu: "sudo apt-get update && sudo apt-get install linux-generic && sudo reboot",
		Fedora: "sudo dnf upgrade --refresh kernel && sudo reboot",
		WSL:    wslUpdate,
	}
	mendProc      = Mend{Any: "sudo mkdir -p /proc && sudo mount -t proc proc /proc"}
	mendOtherProc = Mend{Any: "exit    # and: sudo unshare --pid --fork --mount-proc"} // a mount at /proc here might be everybody's

	mendWSL1 = Mend{Any: "wsl.exe --set-version $WSL_DISTRO_NAME 2"}

	mendCgroups = Mend{
		Any: "sudo mount -t cgroup2 none /sys/fs/cgroup",
		WSL: "printf '[boot]\\nsystemd=true\\n' | sudo tee -a /etc/wsl.conf\nwsl.exe --shutdown",
	}
	mendSpace = Mend{Any: "lab images    # lab rmi NAME removes one; or: lab --root DIR elsewhere"}
	mendStore = Mend{
		Any: "sudo mkdir -p /mnt/lab && sudo mount -t tmpfs tmpfs /mnt/lab\nexport LAB_ROOT=/mnt/lab",
		WSL: "export LAB_ROOT=/var/lib/lab    # not below /mnt/c, which is Windows",
	}
	mendNested = Mend{Any: "start the outer container with --privileged"}
)

// mendModule loads a module, or gets the package that it is in.
func mendModule(name string) Mend {
	return Mend{
		Any:    "sudo modprobe " + name,
		Debian: "sudo modprobe " + name + " ||\n  sudo apt-get install linux-image-$(dpkg --print-architecture)",
		Ubuntu: "sudo apt-get install linux-modules-extra-$(uname -r)\nsudo modprobe " + name,
		Fedora: "sudo dnf install kernel-modules-$(uname -r)\nsudo modprobe " + name,
		WSL:    wslUpdate,
	}
}

// mountV1 mounts the tree of a v1 controller.
func mountV1(name string) Mend {
	return Mend{
		Any: "sudo mkdir -p /sys/fs/cgroup/" + name + "\nsudo mount -t cgroup -o " + name + " cgroup /sys/fs/cgroup/" + name,
		WSL: mendCgroups.WSL,
	}
}

// delegate has systemd hand all controllers down to what users start.
var delegate = Mend{
	Any: "sudo mkdir -p /etc/systemd/system/user@.service.d\nprintf '[Service]\\nDelegate=yes\\n' |\n" +
		"  sudo tee /etc/systemd/system/user@.service.d/60-lab.conf\nsudo systemctl daemon-reload    # and log in again",
}

// kernelParameter starts the machine with one more.
func kernelParameter(word string) Mend {
	grub := "echo 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX " + word + "\"' |\n  sudo tee -a /etc/default/grub.d/lab.cfg\nsudo update-grub && sudo reboot"
	return Mend{
		Any:    "start the kernel with " + word,
		Debian: grub,
		Ubuntu: grub,
		Fedora: "sudo grubby --update-kernel=ALL --args=" + word + " && sudo reboot",
		WSL:    wslConfig("kernelCommandLine=" + word),
	}
}

func mendKVM() Mend {
	return Mend{
		Any: "sudo modprobe kvm_intel || sudo modprobe kvm_amd    # see the BIOS too",
		WSL: wslConfig("nestedVirtualization=true"),
	}
}

// wslConfig puts a line into the file in which Windows keeps the settings of its Linux machine.
func wslConfig(line string) string {
	return "home=$(cd /mnt/c && cmd.exe /c 'echo %USERPROFILE%' | tr -d '\\r')\n" +
		"printf '[wsl2]\\n" + line + "\\n' >> \\\n  \"$(wslpath \"$home\")/.wslconfig\"\n" +
		"wsl.exe --shutdown"
}
