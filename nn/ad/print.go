package ad

import (
	"fmt"
	"strings"

	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

var functionNames = map[kernel.UnaryOp]string{
	kernel.Square: "square", kernel.Sqrt: "sqrt", kernel.Recip: "recip", kernel.Exp: "exp",
	kernel.Log: "log", kernel.Sin: "sin", kernel.Cos: "cos", kernel.Tanh: "tanh", kernel.Sigmoid: "sigmoid",
	kernel.Softplus: "softplus", kernel.Erf: "erf", kernel.SiLU: "silu", kernel.SiLU1: "silu'", kernel.SiLU2: "silu''",
	kernel.GELU: "gelu", kernel.GELU1: "gelu'", kernel.GELU2: "gelu''", kernel.GELUTanh: "gelutanh",
	kernel.GELUTanh1: "gelutanh'", kernel.GELUTanh2: "gelutanh''", kernel.ReLU: "relu", kernel.Step: "step",
	kernel.LeakyReLU: "leakyrelu", kernel.LeakyReLU1: "leakyrelu'", kernel.ELU: "elu", kernel.ELU1: "elu'", kernel.ELU2: "elu''",
}

// String prints the program, one line an instruction, in the order of
// execution: what runs once before the rows, what runs for each block of
// them, and what runs once on the sums.
func (p *Program[T]) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "program of %d values, %d rows a block, %d columns a block, %d sums\n",
		p.nodes, p.blockRows, p.layout.arena, p.layout.lane)
	for ph, title := range []string{"before", "rows", "turns", "after"} {
		for _, in := range p.phases[ph] {
			fmt.Fprintf(&b, "%-6s  %s\n", title, in)
		}
	}
	return b.String()
}

// describe prints what e is and its shape, for messages.
func (e *Expr) describe() string {
	name := e.op.String()
	switch {
	case e.op == opUnary:
		name = functionNames[e.fn]
	case e.name != "":
		name = e.name
	}
	return name + " " + e.shape()
}

// String prints one instruction, such as
// "%7 r×64 block[0] = silu of matmul %3 w[0] %5".
func (in instr) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s = ", in.dst)
	if in.sums {
		b.WriteString("Σ ")
	}
	switch {
	case in.op == opUnary:
		b.WriteString(functionNames[in.fn])
	case in.op == opMul && in.folded: // v ⊙ fn(x)
		fmt.Fprintf(&b, "mul %s", functionNames[in.fn])
	case in.folded: // fn(x·w)
		fmt.Fprintf(&b, "%s of %s", functionNames[in.fn], in.op)
	case in.op == opSlice && in.dst.cols == in.operands[0].cols:
		b.WriteString("copy")
	case in.table != nil && in.op != opGather && in.op != opScatter:
		fmt.Fprintf(&b, "scatter of %s", in.op)
	default:
		b.WriteString(in.op.String())
	}
	if in.half {
		b.WriteString(" of bfloat16")
	}
	for _, o := range in.operands {
		fmt.Fprintf(&b, " %s", o.name())
	}
	switch in.op {
	case opScale, opShift, opConst, opInverseRMS:
		fmt.Fprintf(&b, " %g", in.value)
	case opSlice:
		if in.dst.cols < in.operands[0].cols {
			fmt.Fprintf(&b, " [%d:%d]", in.index, in.index+in.dst.cols)
		}
	case opRandom:
		fmt.Fprintf(&b, " slot %d", in.index)
	case opRowMatMul, opRowMatMulT, opRowMatTMul:
		fmt.Fprintf(&b, " in %d parts", in.index)
	}
	if in.table != nil {
		fmt.Fprintf(&b, " %s", in.table)
	}
	return b.String()
}

// name prints an operand by where it lives, unless it is a numbered value.
func (o operand) name() string {
	if o.classes > 0 {
		labels := o
		labels.classes = 0
		return fmt.Sprintf("onehot(%s)", labels.name())
	}
	if o.table != nil {
		from := o
		from.table = nil
		return fmt.Sprintf("gather(%s %s)", from.name(), o.table)
	}
	switch o.space {
	case inWeights:
		return fmt.Sprintf("w[%d]", o.at)
	case inInput:
		return fmt.Sprintf("in[%d]", o.at)
	case inConstant:
		return fmt.Sprintf("const[%d]", o.at)
	}
	return fmt.Sprintf("%%%d", o.id)
}

func (o operand) String() string {
	place := map[space]string{inArena: "block", inOnce: "once", inLane: "lane", inOutput: "out"}[o.space]
	return fmt.Sprintf("%%%d %s×%d %s[%d]", o.id, height(o.rows), o.cols, place, o.at)
}
