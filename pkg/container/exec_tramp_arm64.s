#include "textflag.h"

// Runs as a program of its own, see exec_tramp.go. On its stack, as execve(2) leaves it: the number of arguments; one byte, which is a descriptor's
// number; the paths to try; an empty one; the arguments of the program; NULL; the environment.
TEXT ·trampoline(SB), NOSPLIT|NOFRAME, $0-0
	MOVD	RSP, R19
	MOVD	8(R19), R0
	MOVBU	(R0), R25	// the descriptor
	MOVD	$25, R8		// fcntl(descriptor, F_SETFD, FD_CLOEXEC)
	MOVD	R25, R0
	MOVD	$2, R1
	MOVD	$1, R2
	SVC
	ADD	$16, R19, R20	// the first path
	MOVD	R20, R21
find:
	MOVD	(R21), R0
	ADD	$8, R21, R21	// behind the empty path: the program's arguments
	CBZ	R0, invalid
	MOVBU	(R0), R1
	CBNZ	R1, find
	MOVD	(R19), R0
	ADD	$16, R19, R22
	ADD	R0<<3, R22, R22	// the environment
	MOVD	$0, R23		// EACCES, if it was met
	MOVD	$2, R24		// ENOENT
next:
	MOVD	(R20), R0
	MOVBU	(R0), R1
	CBZ	R1, missing
	MOVD	R21, R1
	MOVD	R22, R2
	MOVD	$221, R8	// execve
	SVC
	NEG	R0, R24
	ADD	$8, R20, R20
	CMP	$2, R24		// ENOENT
	BEQ	next
	CMP	$20, R24	// ENOTDIR
	BEQ	next
	CMP	$13, R24	// EACCES
	BNE	tell
	MOVD	R24, R23
	B	next
missing:
	CBZ	R23, tell
	MOVD	R23, R24
	B	tell
invalid:
	MOVD	$22, R24	// EINVAL
tell:
	SUB	$16, RSP, RSP
	MOVW	R24, (RSP)
	MOVD	$64, R8		// write(descriptor, errno, 4)
	MOVD	R25, R0
	MOVD	RSP, R1
	MOVD	$4, R2
	SVC
	MOVD	$94, R8		// exit_group(127)
	MOVD	$127, R0
	SVC
	BRK

DATA	·trampolineAt(SB)/8, $·trampoline(SB)
GLOBL	·trampolineAt(SB), RODATA, $8
