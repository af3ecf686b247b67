// Command gen writes the module's assembly: for each family of kernels
// NAME_amd64.s and, with its Go declarations, NAME_amd64.go, in the folder of
// the package that the family is for; and the functions that choose among them.
package main

import (
	"log"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// target is a package that has assembly.
type target struct{ folder, name string }

var (
	kernel = target{"..", "kernel"}
	noise  = target{"../../../../sde/noise", "noise"}
)

// families has a row for each pair of generated files.
var families = []struct {
	in   target
	name string
	emit func(*build.Context)
}{
	{kernel, "peak", peak},
	{kernel, "unary", unary},
	{kernel, "arithmetic", arithmetic},
	{kernel, "memory", memory},
	{kernel, "gather", gather},
	{kernel, "softmax", softmax},
	{kernel, "norm", norm},
	{kernel, "sumcols", sumCols},
	{kernel, "gaussian", gaussian},
	{kernel, "optimizer", optimizer},
	{kernel, "gemm", gemm},
	{kernel, "gemv", gemv},
	{kernel, "narrow", narrow},
	{kernel, "pack", pack},
	{kernel, "bf16", bf16},
	{kernel, "bf16fma", bf16fma},
	{noise, "normals", normals},
}

func main() {
	var all []*ir.Function // of package kernel
	for _, f := range families {
		functions, err := write(f.in, f.name+"_amd64", f.emit)
		if err != nil {
			log.Fatalf("%s: %v", f.name, err)
		}
		if f.in == kernel {
			all = append(all, functions...)
		}
	}
	if err := writePaths(filepath.Join(kernel.folder, "paths_amd64.go"), all); err != nil {
		log.Fatal(err)
	}
	if err := writeChoice(filepath.Join(kernel.folder, "unary_choice_amd64.go")); err != nil {
		log.Fatal(err)
	}
}

func write(in target, name string, emit func(*build.Context)) ([]*ir.Function, error) {
	c := build.NewContext()
	c.Constraint(buildtags.Not("purego"))
	emit(c)
	file, err := c.Result()
	if err != nil {
		return nil, err
	}
	if err := pass.Compile.Execute(file); err != nil {
		return nil, err
	}
	cfg := printer.Config{Name: "the avo program in nn/internal/kernel/gen", Pkg: in.name}
	for _, p := range []struct {
		suffix string
		build  printer.Builder
	}{{".s", printer.NewGoAsm}, {".go", printer.NewStubs}} {
		text, err := p.build(cfg).Print(file)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(in.folder, name+p.suffix), text, 0o644); err != nil {
			return nil, err
		}
	}
	return file.Functions(), nil
}
