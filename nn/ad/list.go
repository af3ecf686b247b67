package ad

import (
	"fmt"

	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// Op is an operation of a Value. The functions of one variable among them are those
// from which all others are composed.
type Op uint8

// The operations. Next to each stands the value; a, b and c are those of its Args, in
// order. Where shapes differ, an operand of one column spreads over the columns, a uniform
// one over the rows, and one with a row for each sample over the sample's rows.
const (
	OpInput        Op = iota // Leaf, given by whoever runs the program
	OpParam                  // Leaf, the numbers from Index on of the parameters
	OpRandom                 // random numbers of slot Index
	OpConst                  // Number everywhere
	OpMatMul                 // a·b, or a·b + c: of b those rows from Index on that fit a
	OpMatMulT                // a·bᵀ: of b those rows from Index on that fit the value
	OpMatTMul                // (a, b, …)ᵀ·z summed over the rows: the last is z, the others stand side by side
	OpAdd                    // a + b
	OpSub                    // a − b
	OpMul                    // a ⊙ b
	OpDiv                    // a / b
	OpScale                  // Number·a
	OpShift                  // a + Number
	OpSumCols                // Σ_j a_rj
	OpSumRows                // Σ_r a_rj
	OpSpread                 // a, repeated to the shape of the value
	OpConcat                 // a, b, … side by side
	OpSlice                  // the columns of a from Index on
	OpOneHot                 // the classes from Index on: [k−½ < a−Index ≤ k+½]
	OpMaxCols                // max_j a_rj
	OpSoftmax                // see Softmax
	OpSoftmaxSlope           // b ⊙ (a − Σ_j a_j b_j)
	OpRegroup                // the numbers of each sample of a in other rows
	OpSumGroups              // the sum of the rows of each sample of a
	OpGather                 // by Table, as one row if the value is uniform
	OpScatter                // by Table, likewise
	OpRowMatMul              // a·b in each of Index parts of each sample
	OpRowMatMulT             // a·bᵀ, likewise
	OpRowMatTMul             // aᵀ·b, likewise
	OpSquare                 // a²
	OpSqrt                   // √a
	OpRecip                  // 1/a
	OpExp                    // exp a
	OpLog                    // ln a
	OpSin                    // sin a
	OpCos                    // cos a
	OpTanh                   // tanh a
	OpSigmoid                // 1/(1+e⁻ᵃ)
	OpSoftplus               // ln(1+eᵃ)
	OpErf                    // erf a
	OpReLU                   // max(a, 0)
	OpStep                   // [a > 0]
)

// Value is one value of a list: an operation on values before it.
type Value struct {
	Op     Op
	Args   []int // indices in the list
	PerRow bool
	Rows   int // of each sample when PerRow, otherwise all of them
	Cols   int
	Number float64
	Index  int
	Table  *Table
	Leaf   *Expr // of OpInput and OpParam
}

// List returns the values that the expressions out are computed from, operands before
// their users, and where in the list those of out are. It is what Compile makes a program
// of, for those who write it down for another engine: derivatives are taken, equal values
// are one, what multiplies zeros or no output needs is gone, and activations and RMSNorm are
// composed of the functions that Op has.
func List(out []*Expr) (values []Value, outs []int) {
	g := number(elementary(out))
	g.schedule()
	for _, n := range g.nodes {
		v := Value{Op: opOf(n.Expr), PerRow: n.PerRow(), Rows: max(n.rows, -n.rows), Cols: n.cols, Number: n.value, Index: n.index, Table: n.table}
		for _, a := range n.args {
			v.Args = append(v.Args, a.id)
		}
		if n.op == opInput || n.op == opParam {
			v.Leaf = n.Expr
		}
		values = append(values, v)
	}
	for _, n := range g.outs {
		outs = append(outs, n.id)
	}
	return values, outs
}

// opOf returns the public name of an operation.
func opOf(e *Expr) Op {
	if e.op != opUnary {
		if int(e.op) < len(publicOps) && (publicOps[e.op] != OpInput || e.op == opInput) {
			return publicOps[e.op]
		}
		panic("ad: List: " + e.op.String() + " is not elementary")
	}
	if op, ok := elementaryOps[e.fn]; ok {
		return op
	}
	panic("ad: List: " + functionNames[e.fn] + " is not elementary")
}

var publicOps = [...]Op{
	opInput: OpInput, opParam: OpParam, opRandom: OpRandom, opConst: OpConst,
	opMatMul: OpMatMul, opMatMulT: OpMatMulT, opMatTMul: OpMatTMul,
	opAdd: OpAdd, opSub: OpSub, opMul: OpMul, opDiv: OpDiv, opScale: OpScale, opShift: OpShift,
	opSumCols: OpSumCols, opSumRows: OpSumRows, opSpread: OpSpread, opConcat: OpConcat, opSlice: OpSlice,
	opOneHot: OpOneHot, opMaxCols: OpMaxCols, opSoftmax: OpSoftmax, opSoftmaxSlope: OpSoftmaxSlope,
	opRegroup: OpRegroup, opSumGroups: OpSumGroups, opGather: OpGather, opScatter: OpScatter,
	opRowMatMul: OpRowMatMul, opRowMatMulT: OpRowMatMulT, opRowMatTMul: OpRowMatTMul,
}

var elementaryOps = map[kernel.UnaryOp]Op{
	kernel.Square: OpSquare, kernel.Sqrt: OpSqrt, kernel.Recip: OpRecip, kernel.Exp: OpExp, kernel.Log: OpLog,
	kernel.Sin: OpSin, kernel.Cos: OpCos, kernel.Tanh: OpTanh, kernel.Sigmoid: OpSigmoid, kernel.Softplus: OpSoftplus,
	kernel.Erf: OpErf, kernel.ReLU: OpReLU, kernel.Step: OpStep,
}

// String returns the name of the operation.
func (o Op) String() string {
	for op, public := range publicOps {
		if public == o {
			return opcode(op).String()
		}
	}
	for fn, public := range elementaryOps {
		if public == o {
			return functionNames[fn]
		}
	}
	return fmt.Sprintf("Op(%d)", uint8(o))
}
