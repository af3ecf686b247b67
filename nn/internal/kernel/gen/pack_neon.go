package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// packNEON emits what moves matrices into panels.
func packNEON(sets []vector) {
	copyPanelNEON(sets[0])
	for _, double := range []bool{false, true} {
		v := sets[0]
		v.double = double
		transposeNEON(v)
	}
}

func copyPanelNEON(v vector) {
	v.begin("copyPanel", copyPanelSignature, copyPanelDoc)
	dst, src := v.Load(v.Param("dst"), v.GP64()), v.Load(v.Param("src"), v.GP64())
	distance, rows := v.Load(v.Param("distance"), v.GP64()), v.Load(v.Param("rows"), v.GP64())
	v.Label("row")
	for at := 0; at < 128; at += 32 {
		x, y := v.reg(), v.reg()
		v.Instruction(neonInstruction("ldp.q", x, y, operand.Mem{Base: src, Disp: at}))
		v.Instruction(neonInstruction("stp.q", x, y, operand.Mem{Base: dst, Disp: at}))
	}
	v.ADDQ(distance, src)
	v.ADDQ(operand.Imm(128), dst)
	v.DECQ(rows)
	v.JNZ(operand.LabelRef("row"))
	v.end()
}

// transposeNEON emits the transposition of squares whose side is two vectors.
func transposeNEON(v vector) {
	side := 2 * v.lanes()
	name := fmt.Sprintf("transpose%d", 8*v.size())
	v.begin(name, transposeSignature, transposeDoc(name, side)...)
	dst, dr := v.Load(v.Param("dst"), v.GP64()), v.Load(v.Param("dr"), v.GP64())
	src, sr := v.Load(v.Param("src"), v.GP64()), v.Load(v.Param("sr"), v.GP64())
	squares := v.Load(v.Param("squares"), v.GP64())
	v.Label("square")
	for half := range 2 {
		row := v.GP64()
		v.LEAQ(operand.Mem{Base: src, Disp: half * v.bytes()}, row)
		left, right := v.columnsOf(row, sr), v.columnsOf(row, sr)
		for i := range left {
			v.Instruction(neonInstruction("stp.q", left[i], right[i], operand.Mem{Base: dst}))
			v.ADDQ(dr, dst)
		}
	}
	v.ADDQ(operand.Imm(uint64(2*v.bytes())), src)
	v.DECQ(squares)
	v.JNZ(operand.LabelRef("square"))
	v.end()
}

// columnsOf loads a vector of each of as many rows as it has elements, which start a
// distance apart, and returns their columns. It moves row on behind them.
func (v vector) columnsOf(row, distance reg.Register) []vec {
	x := make([]vec, v.lanes())
	for i := range x {
		x[i] = v.copy(operand.Mem{Base: row})
		v.ADDQ(distance, row)
	}
	pair := func(name string, a, b vec) vec {
		d := v.reg()
		v.Instruction(neonInstruction(name, d, a, b))
		return d
	}
	if v.double {
		return []vec{pair("trn1.2d", x[0], x[1]), pair("trn2.2d", x[0], x[1])}
	}
	even, odd := pair("trn1.4s", x[0], x[1]), pair("trn2.4s", x[0], x[1])
	evenBelow, oddBelow := pair("trn1.4s", x[2], x[3]), pair("trn2.4s", x[2], x[3])
	return []vec{
		pair("trn1.2d", even, evenBelow), pair("trn1.2d", odd, oddBelow),
		pair("trn2.2d", even, evenBelow), pair("trn2.2d", odd, oddBelow),
	}
}

// sumColsNEON emits sums of rows, as sumCols does.
func sumColsNEON(sets []vector) {
	for _, double := range []bool{false, true} {
		v := sets[0]
		v.double = double
		name := fmt.Sprintf("sumCols%d", 8*v.size())
		v.begin(name, sumColsSignature, sumColsDoc(name, v.size())...)
		dst, x := v.Load(v.Param("dst"), v.GP64()), v.Load(v.Param("x"), v.GP64())
		xr, blocks := v.Load(v.Param("xr"), v.GP64()), v.Load(v.Param("blocks"), v.GP64())
		sums := make([]vec, 4)
		for i := range sums {
			sums[i] = v.reg()
		}
		at, row := v.GP64(), v.GP64()

		v.Label("block")
		for _, sum := range sums {
			v.VXORPS(sum, sum, sum)
		}
		v.MOVQ(x, at)
		steps := v.Load(v.Param("steps"), v.GP64())
		v.Label("step")
		v.MOVQ(at, row)
		for _, sum := range sums {
			for _, column := range v.columnsOf(row, xr) {
				v.pick(v.VADDPS, v.VADDPD)(column, sum, sum)
			}
		}
		v.ADDQ(operand.Imm(uint64(v.bytes())), at)
		v.DECQ(steps)
		v.JNZ(operand.LabelRef("step"))
		for i, sum := range sums {
			v.VMOVUPS(sum, operand.Mem{Base: dst, Disp: i * v.bytes()})
		}
		v.ADDQ(operand.Imm(uint64(4*v.bytes())), dst)
		v.IMUL3Q(operand.Imm(uint64(4*v.lanes())), xr, row)
		v.ADDQ(row, x)
		v.DECQ(blocks)
		v.JNZ(operand.LabelRef("block"))
		v.end()
	}
}
