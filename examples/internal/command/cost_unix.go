//go:build unix

package command

import (
	"runtime"
	"syscall"
	"time"
)

// spent returns the processor time that the process has taken so far, and its largest
// resident set in bytes.
func spent() (processor time.Duration, resident int64) {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0, 0
	}
	processor = time.Duration(u.Utime.Nano() + u.Stime.Nano())
	if runtime.GOOS == "darwin" {
		return processor, int64(u.Maxrss)
	}
	return processor, int64(u.Maxrss) << 10
}
