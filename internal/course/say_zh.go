package course

// chinese is what lab itself says, by the English words.
func chinese() map[string]string {
	return map[string]string{
		"%d of %d":                       "%d/%d",
		"%d of %d again":                 "再做一遍 %d/%d",
		"%d of %d tasks":                 "%d/%d 个任务",
		"%s **Task %d of %d: %s**\n\n%s": "%s **任务 %d/%d：%s**\n\n%s",
		"cgroup %s, as on this machine":  "cgroup %s，这台机器就是",
		"look inside: %s":                "看看里面：%s",

		"look: %s":                             "看这里：%s",
		"Lab %s is passed.":                    "实验 %s 通过了。",
		"`lab reset` takes back what it made.": "`lab reset` 收回它做出的一切。",
		"`lab reset` takes back what it made. The next one: `lab course start %s`.": "`lab reset` 收回它做出的一切。下一个：`lab course start %s`。",
		"Watching; work in another terminal. Ctrl-C ends it.":                       "正在看着；请在另一个终端里做。Ctrl-C 结束。",
		"note:": "注意：",
		"this terminal is not where the lab was started: it has other namespaces (%s). Check from a terminal of the host.": "这个终端不在实验开始的地方：它的命名空间不同（%s）。请在宿主机的终端里检查。",

		"hint %d of %d": "提示 %d/%d",
		"That was the last one. `lab solve` shows what to type.": "这是最后一条。`lab solve` 显示该输入什么。",

		"LAB":     "实验",
		"TITLE":   "标题",
		"MINUTES": "分钟",
		"DONE":    "完成",
		"Labs of %s come before those inside lab.": "%s 里的实验优先于 lab 自带的。",

		"Lab %s is taken back.":    "实验 %s 已收回。",
		"ended %s":                 "已结束 %s",
		"removed %s":               "已删除 %s",
		"left":                     "留下",
		"kept your Go files in %s": "你的 Go 文件保存在 %s",

		"Before the first lab, a look at what this machine can do …": "开始第一个实验之前，先看看这台机器能做什么……",
		"`lab doctor` says how to mend it.":                          "`lab doctor` 说明怎样修复。",
		"Lab %s, %s":                                                 "实验 %s，%s",
		"Lab %s, %s, which is started already":                       "实验 %s，%s，已经开始了",
		"%d minutes, 1 task. %s":                                     "%d 分钟，1 个任务。%s",
		"%d minutes, %d tasks. %s":                                   "%d 分钟，%d 个任务。%s",
		"The work directory: %s":                                     "工作目录：%s",
		"This terminal, %s, is now in a fence: a control group with %s. What you start here cannot harm the machine. `lab reset` lets it out.": "这个终端（%s）现在围在栅栏里：一个控制组，限制是 %s。在这里启动的东西伤不到机器。`lab reset` 放它出来。",
		"When you have done it: `lab check`. Stuck: `lab hint`. The whole lesson: `lab course show`.":                                          "做完以后：`lab check`。卡住了：`lab hint`。整篇课文：`lab course show`。",
	}
}

// One sentence a line, the more special first. The sentences are those of check_*.go.
const chinesePhraseList = `
* is the likeliest of * that match; * names another. = 符合的有 ${2} 个，最可能是 ${1}；${3} 可以指定另一个。
there is no process * = 没有进程 *
there is no * = 没有 *
it is so = 是这样
process * is sleeping (state *) = 进程 * 在睡眠（状态 *）
process * is running (state *) = 进程 * 在运行（状态 *）
process * is stopped (state *) = 进程 * 已停下（状态 *）
process * is a zombie (state *) = 进程 * 是僵尸（状态 *）
process * is in *, the host's = 进程 * 在 *，那是宿主机的
process * is in the group * = 进程 * 在控制组 * 里
process * is in * = 进程 * 在 * 里
process * has the host's root directory (*) = 进程 * 的根目录是宿主机的（*）
process * has the root directory * (*) = 进程 * 的根目录是 *（*）
process * has the current directory * = 进程 * 的当前目录是 *
process * is number * in its own PID namespace = 进程 * 在自己的 PID 命名空间里是 * 号
process * runs as user *, seen from the host = 进程 *，从宿主机看，是用户 *
process * is there = 有进程 *
nothing is mounted at * = * 没有挂载任何东西
* is mounted at * = * 挂载在 *
* did not end within * = * 在 * 之内没有结束
* ends with status * and says * = * 的退出状态是 *，并说 *
* ends with status * = * 的退出状态是 *
* says * = * 说 *
* is there = * 已经在了
the answer did not come within * = * 之内没有等到回答
it to be number * there = 在那里是 * 号
it in the host's, * = 它在宿主机的 * 里
it in *, that of * = 它在 * 里，也就是 * 的
it to contain * = 它含有 *
it to match * = 它符合 *
it without * = 它不含 *
it to lead to * = 它指向 *
it running = 它在运行
it stopped = 它停下
it sleeping = 它在睡眠
it there = 它在那里
it up = 它已启用
it down = 它未启用
it not to be = 没有它
one in a namespace of its own = 它在自己的命名空间里
one of its own = 它有自己的
the host's = 宿主机的
a mount there = 那里有挂载
nothing mounted there = 那里没有挂载
* there = * 在那里
one = 有一个
none = 没有
status * = 状态 *
Was it put in the background with * and is it still running? = 它用 ` + "`&`" + ` 放到后台了吗？还在运行吗？
SIGSTOP stops a process (*), or a freezer does. = SIGSTOP 让进程停下（*），freezer 也可以。
It is in the host's PID namespace. * makes one only with -p, and only children get into it: -f starts one. = 它在宿主机的 PID 命名空间里。* 加上 -p 才会新建一个，而且只有子进程才进得去：-f 会启动一个。
* makes one only with -p, and only children get into it: -f starts one. = * 加上 -p 才会新建一个，而且只有子进程才进得去：-f 会启动一个。
* makes one only with -U (or -r, which maps root too). = * 加上 -U 才会新建一个（或 -r，它还会映射 root）。
* makes one only with *. = * 加上 * 才会新建一个。
There is *: the arguments differ. = 有 *：参数不一样。
* has ended already, and its parent has not asked for its status. = * 已经结束了，它的父进程还没有来取它的状态。
Start it without making a namespace of this kind. = 启动它，但不要新建这种命名空间。
Number 1 is the first process that is born in a new PID namespace. = 新的 PID 命名空间里诞生的第一个进程是 1 号。
A process begins where its parent is: * first, then start it. = 进程从它的父进程所在的目录开始：先 *，再启动它。
* starts a program with another one; the program must be in it. = * 用另一个根目录启动程序；程序必须在那里面。
Writing its number to the file cgroup.procs of a group moves it there. = 把它的编号写进某个控制组的 cgroup.procs，它就移到那里。
`
