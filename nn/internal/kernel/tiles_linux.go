//go:build amd64 && !purego

package kernel

import "syscall"

// askForTiles asks the kernel to let the process use the tiles' registers
// (ARCH_REQ_XCOMP_PERM of arch_prctl), which cannot be taken back.
func askForTiles() bool {
	const request, tileData = 0x1023, 18
	_, _, failed := syscall.RawSyscall(syscall.SYS_ARCH_PRCTL, request, tileData, 0)
	return failed == 0
}
