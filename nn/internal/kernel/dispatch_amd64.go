//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

// using is the path taken by every kernel that has it, and otherwise by the
// nearest smaller one. Only tests change it.
var using = best()

// best returns the greatest path that the processor and the operating system
// support.
func best() path {
	switch x := &cpu.X86; {
	case !x.HasAVX2 || !x.HasFMA:
		return portable
	case x.HasBMI2 && x.HasAVX512F && x.HasAVX512VL && x.HasAVX512DQ && x.HasAVX512BW:
		return avx512
	}
	return avx2
}
