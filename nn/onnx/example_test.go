package onnx_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/onnx"
)

// The gradient of a network's output with respect to its input is a graph like any other.
func ExampleExport() {
	params := &nn.Params{}
	x := ad.Input("x", 2)
	net := nn.Sequential{nn.Linear{Out: 8}, nn.SiLU{}, nn.Linear{Out: 1}}
	y := net.Apply(nn.NewBuild(params), x)
	g := &onnx.Graph{
		Inputs:  []*ad.Expr{x},
		Outputs: []onnx.Output{{Name: "y", Value: y}, {Name: "gradient", Value: ad.Grad(y, x)[0]}},
		Weights: make([]float32, params.Len()),
	}
	var file bytes.Buffer
	if err := onnx.Export(&file, g); err != nil {
		panic(err)
	}
	fmt.Println(file.Len() > 0)
	// Output: true
}

func ExampleExportFile() {
	x := ad.Input("x", 3)
	g := &onnx.Graph{Inputs: []*ad.Expr{x}, Outputs: []onnx.Output{{Name: "sum", Value: ad.SumCols(x)}}}
	dir, err := os.MkdirTemp("", "onnx")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	fmt.Println(onnx.ExportFile(filepath.Join(dir, "sum.onnx"), g))
	fmt.Println(onnx.ExportFile(filepath.Join(dir, "sum.onnx"), &onnx.Graph{Outputs: g.Outputs}))
	// Output:
	// <nil>
	// onnx: ExportFile: an output depends on "x", of 3 columns, which is not among the inputs: onnx: shape does not fit
}

// A network of PyTorch, computed by a program.
func ExampleImport() {
	file, err := os.Open(filepath.Join("testdata", "conv.onnx"))
	if err != nil {
		panic(err)
	}
	defer file.Close()
	n, err := onnx.Import(file)
	if err != nil {
		panic(err)
	}
	x := ad.Input(n.Input, n.In)
	y := n.Module.Apply(nn.NewBuild(n.Params), x)
	p := ad.Compile[float32]([]*ad.Expr{y}, []*ad.Expr{x})
	var w ad.Weights[float32]
	p.Pack(&w, n.Weights, nil)
	out := make([]float32, n.Out)
	p.Run(1, &w, nil, [][]float32{out}, [][]float32{make([]float32, n.In)}, nil)
	fmt.Printf("%d → %d columns, %d parameters, %T first\n", n.In, n.Out, n.Params.Len(), n.Module[1])
	fmt.Printf("%.3f\n", out)
	// Output:
	// 60 → 3 columns, 276 parameters, nn.Conv first
	// [-0.419 -0.199 0.125]
}

// Pixels with their channels side by side, as package nn has them, from the channels one
// after the other that ONNX has.
func ExampleTurn() {
	x := ad.Input("x", 2*3) // two channels of three pixels
	y := onnx.Turn{Rows: 2, Columns: 3}.Apply(nil, x)
	fmt.Println(ad.Eval([]*ad.Expr{y}, 1, nil, nil, map[*ad.Expr][]float64{x: {1, 2, 3, 10, 20, 30}}))
	// Output:
	// [[1 10 2 20 3 30]]
}
