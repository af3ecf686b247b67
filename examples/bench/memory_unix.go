//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// residentSet returns the largest resident set of an ended process in bytes.
func residentSet(p *os.ProcessState) int64 {
	u, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return int64(u.Maxrss)
	}
	return int64(u.Maxrss) << 10
}
