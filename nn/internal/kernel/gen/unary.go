package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/gotypes"
	"github.com/mmcloughlin/avo/operand"
)

const one8 = operand.U8(1)

// function is one of the functions of Unary; parameter is the register that
// holds p in every lane, nil unless parametric.
type function struct {
	op         string // its constant in package kernel
	parametric bool
	viaDouble  bool    // computed in float64 and rounded
	limit      float64 // if not zero, of |x|
	f          func(v vector, x, parameter vec) vec
}

var functions = []function{
	{op: "Square", f: func(v vector, x, _ vec) vec { return v.mul(x, x) }},
	{op: "Sqrt", f: func(v vector, x, _ vec) vec { return v.sqrt(x) }},
	{op: "Recip", f: func(v vector, x, _ vec) vec { return v.div(v.source(1), x) }},
	{op: "Exp", f: unaryExp},
	{op: "Log", f: unaryLog},
	{op: "Sin", f: unarySin, limit: trigLimit},
	{op: "Cos", f: unaryCos, limit: trigLimit},
	{op: "Tanh", f: unaryTanh},
	{op: "Sigmoid", f: unarySigmoid},
	{op: "Softplus", f: unarySoftplus, viaDouble: true},
	{op: "Erf", f: unaryErf, viaDouble: true},
	{op: "SiLU", f: unarySiLU},
	{op: "SiLU1", f: unarySiLU1},
	{op: "SiLU2", f: unarySiLU2, viaDouble: true},
	{op: "GELU", f: unaryGELU, viaDouble: true},
	{op: "GELU1", f: unaryGELU1, viaDouble: true},
	{op: "GELU2", f: unaryGELU2, viaDouble: true},
	{op: "GELUTanh", f: unaryGELUTanh, viaDouble: true},
	{op: "GELUTanh1", f: unaryGELUTanh1, viaDouble: true},
	{op: "GELUTanh2", f: unaryGELUTanh2, viaDouble: true},
	{op: "ReLU", f: unaryReLU},
	{op: "Step", f: unaryStep},
	{op: "LeakyReLU", f: unaryLeakyReLU, parametric: true},
	{op: "LeakyReLU1", f: unaryLeakyReLU1, parametric: true},
	{op: "ELU", f: unaryELU, parametric: true},
	{op: "ELU1", f: unaryELU1, parametric: true},
	{op: "ELU2", f: unaryELU2, parametric: true},
}

// unary emits dst = f(x) or, when g is not nil, dst = g f(x).
func unary(sets []vector) {
	for _, f := range functions {
		for _, v := range sets {
			v.double = f.viaDouble
			f.emit(v)
		}
	}
}

func (f function) name() string { return "unary32" + f.op }

func (f function) emit(v vector) {
	name := f.name() + v.suffix()
	signature := "func(dst, g, x []float32, p float32)"
	doc := fmt.Sprintf("%s computes %s of x, times g unless that is nil.", name, f.op)
	if f.limit != 0 {
		signature += " (done int)"
		doc = fmt.Sprintf("%s computes %s of x, times g unless that is nil, until near a number beyond ±%v. It returns how many it did.", name, f.op, f.limit)
	}
	v.begin(name, signature, doc)
	dst, g, x := v.slice("dst"), v.slice("g"), v.slice("x")
	n := v.Load(v.Param("dst").Len(), v.GP64())
	var p vec
	if f.parametric {
		p = v.broadcast(v.Param("p"))
	}
	v = v.holding(func(v vector) { f.f(v, v.reg(), v.reg()) })
	l := v.walk()
	l.size = 4
	l.elements(n, func(l loop) {
		at := l.load(x)
		if f.limit != 0 {
			v.jumpIfBeyond(f.limit, at, "far")
		}
		y := f.f(v, at, p)
		label := "plain"
		if l.part {
			label = "plainRest"
		}
		v.TESTQ(g.base, g.base)
		if !f.viaDouble {
			v.JZ(operand.LabelRef(label))
			v.VMULPS(l.load(g), y, y)
			v.Label(label)
			l.store(y, dst)
			return
		}
		rounded := l.narrow(y)
		v.JZ(operand.LabelRef(label))
		v.VMULPS(l.loadNarrow(g), rounded, rounded)
		v.Label(label)
		l.storeNarrow(rounded, dst)
	})
	if f.limit != 0 {
		v.Store(v.Load(v.Param("dst").Len(), v.GP64()), v.ReturnIndex(0))
		v.end()
		v.Label("far")
		if v.neon {
			v.SHRQ(operand.U8(2), l.index)
		}
		v.Store(l.index, v.ReturnIndex(0))
	}
	v.end()
}

// jumpIfBeyond jumps if a number of x is greater in size than limit.
func (v vector) jumpIfBeyond(limit float64, x vec, label string) {
	mask := v.compare(greater, v.abs(x), v.number(limit))
	switch {
	case v.wide:
		v.KORTESTW(mask, mask)
	case v.neon:
		most, bits := v.reg(), v.GP64()
		v.Instruction(neonInstruction("umaxv.4s", most, mask))
		v.Instruction(neonInstruction("fmov.s", bits, most))
		v.TESTQ(bits, bits)
	default:
		bits := v.GP32()
		v.VMOVMSKPS(mask, bits)
		v.TESTL(bits, bits)
	}
	v.JNZ(operand.LabelRef(label))
}

func (v vector) begin(name, signature string, doc ...string) {
	v.Function(name)
	v.Attributes(noSplit)
	v.Pragma("noescape")
	v.SignatureExpr(signature)
	v.Doc(doc...)
}

func (v vector) end() {
	v.VZEROUPPER()
	v.RET()
}

// slice loads the base of a parameter of float32.
func (v vector) slice(name string) stream {
	return stream{v.Load(v.Param(name).Base(), v.GP64()), false}
}

func (v vector) broadcast(p gotypes.Component) vec {
	x := v.XMM()
	d := v.reg()
	v.Load(p, x)
	switch {
	case v.neon:
		v.neonOp("dup", d, x, operand.U8(0))
	case v.double:
		v.VBROADCASTSD(x, d)
	default:
		v.VBROADCASTSS(x, d)
	}
	return d
}
