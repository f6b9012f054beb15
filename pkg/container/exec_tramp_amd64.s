#include "textflag.h"

// Runs as a program of its own, see exec_tramp.go. On its stack, as execve(2) leaves it: the number of arguments; one byte, which is a descriptor's
// number; the paths to try; an empty one; the arguments of the program; NULL; the environment.
TEXT ·trampoline(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ	SP, R9
	MOVQ	8(R9), AX
	MOVBLZX	(AX), R8	// the descriptor
	MOVL	$72, AX		// fcntl(descriptor, F_SETFD, FD_CLOEXEC)
	MOVL	R8, DI
	MOVL	$2, SI
	MOVL	$1, DX
	SYSCALL
	LEAQ	16(R9), R12	// the first path
	MOVQ	R12, BX
find:
	MOVQ	(BX), AX
	ADDQ	$8, BX		// behind the empty path: the program's arguments
	TESTQ	AX, AX
	JZ	invalid
	CMPB	(AX), $0
	JNE	find
	MOVQ	(R9), AX
	LEAQ	16(R9)(AX*8), R13	// the environment
	XORL	R14, R14	// EACCES, if it was met
	MOVL	$2, R15		// ENOENT
next:
	MOVQ	(R12), DI
	CMPB	(DI), $0
	JEQ	missing
	MOVQ	BX, SI
	MOVQ	R13, DX
	MOVL	$59, AX		// execve
	SYSCALL
	NEGL	AX
	MOVL	AX, R15
	ADDQ	$8, R12
	CMPL	R15, $2		// ENOENT
	JEQ	next
	CMPL	R15, $20	// ENOTDIR
	JEQ	next
	CMPL	R15, $13	// EACCES
	JNE	tell
	MOVL	R15, R14
	JMP	next
missing:
	TESTL	R14, R14
	JZ	tell
	MOVL	R14, R15
	JMP	tell
invalid:
	MOVL	$22, R15	// EINVAL
tell:
	SUBQ	$16, SP
	MOVL	R15, (SP)
	MOVL	$1, AX		// write(descriptor, errno, 4)
	MOVL	R8, DI
	MOVQ	SP, SI
	MOVL	$4, DX
	SYSCALL
	MOVL	$231, AX	// exit_group(127)
	MOVL	$127, DI
	SYSCALL
	INT	$3

DATA	·trampolineAt(SB)/8, $·trampoline(SB)
GLOBL	·trampolineAt(SB), RODATA, $8
