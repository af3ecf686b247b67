// Command gen writes the module's assembly: for each family of kernels and each
// architecture NAME_ARCH.s and, with its Go declarations, NAME_ARCH.go, in the folder
// of the package that the family is for; and the functions that choose among them.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// target is a package that has assembly.
type target struct{ folder, name string }

var (
	kernel = target{"..", "kernel"}
	noise  = target{"../../../../sde/noise", "noise"}
)

// emitter emits a family for each of the sets of instructions of an architecture.
type emitter func(sets []vector)

// families has a row for each family, with its emitters for amd64 and arm64; nil is none.
var families = []struct {
	in           target
	name         string
	amd64, arm64 emitter
}{
	{kernel, "peak", peak, peakNEON},
	{kernel, "unary", unary, unary},
	{kernel, "arithmetic", arithmetic, arithmetic},
	{kernel, "memory", memory, memory},
	{kernel, "gather", gather, gather},
	{kernel, "softmax", softmax, softmax},
	{kernel, "norm", norm, norm},
	{kernel, "sumcols", sumCols, sumColsNEON},
	{kernel, "gaussian", gaussian, gaussian},
	{kernel, "optimizer", optimizer, optimizer},
	{kernel, "gemm", gemm, gemmNEON},
	{kernel, "gemv", gemv, nil},
	{kernel, "narrow", narrow, narrowNEON},
	{kernel, "pack", pack, packNEON},
	{kernel, "bf16", bf16, nil},
	{kernel, "bf16fma", bf16fma, nil},
	{noise, "normals", normals, normals},
}

func main() {
	for _, arm64 := range []bool{false, true} {
		if err := writeAll(arm64); err != nil {
			log.Fatal(err)
		}
	}
}

func writeAll(arm64 bool) error {
	arch := "amd64"
	if arm64 {
		arch = "arm64"
	}
	var all []*ir.Function // of package kernel
	for _, f := range families {
		emit := f.amd64
		if arm64 {
			emit = f.arm64
		}
		if emit == nil {
			continue
		}
		functions, err := write(f.in, f.name+"_"+arch, emit, arm64)
		if err != nil {
			return fmt.Errorf("%s for %s: %w", f.name, arch, err)
		}
		if f.in == kernel {
			all = append(all, functions...)
		}
	}
	if err := writePaths(filepath.Join(kernel.folder, "paths_"+arch+".go"), all); err != nil {
		return err
	}
	return writeChoice(filepath.Join(kernel.folder, "unary_choice_"+arch+".go"), sets(nil, arm64))
}

// sets returns a vector for each set of instructions of an architecture.
func sets(c *build.Context, arm64 bool) []vector {
	pool := map[string]operand.Mem{}
	if arm64 {
		return []vector{{Context: c, neon: true, pool: pool, labels: new(int)}}
	}
	return []vector{{Context: c, pool: pool}, {Context: c, wide: true, pool: pool}}
}

func write(in target, name string, emit emitter, arm64 bool) ([]*ir.Function, error) {
	c := build.NewContext()
	c.Constraint(buildtags.Not("purego"))
	emit(sets(c, arm64))
	file, err := c.Result()
	if err != nil {
		return nil, err
	}
	if arm64 {
		err = compileARM64(c, file)
	} else {
		err = pass.Compile.Execute(file)
	}
	if err != nil {
		return nil, err
	}
	cfg := printer.Config{Name: "the avo program in nn/internal/kernel/gen", Pkg: in.name}
	assembly := printer.NewGoAsm(cfg).Print
	if arm64 {
		assembly = func(file *ir.File) ([]byte, error) { return printARM64(cfg.GeneratedWarning(), file) }
	}
	for _, p := range []struct {
		suffix string
		print  func(*ir.File) ([]byte, error)
	}{{".s", assembly}, {".go", printer.NewStubs(cfg).Print}} {
		text, err := p.print(file)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(in.folder, name+p.suffix), text, 0o644); err != nil {
			return nil, err
		}
	}
	return file.Functions(), nil
}
