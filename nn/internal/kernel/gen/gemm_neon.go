package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gemmNEON emits the tile products for NEON: as gemm, but of tiles of 1 to 6 rows and 1 to
// 4 vectors, and without prefetching.
func gemmNEON(sets []vector) {
	for _, double := range []bool{false, true} {
		v := sets[0]
		v.double = double
		t := neonTiler{vector: v}
		name := fmt.Sprintf("gemm%d%s", 8*v.size(), v.suffix())
		v.begin(name, gemmSignature, append([]string{name + gemmDoc}, gemmMore[:len(gemmMore)-2]...)...)
		cols, m := t.argument("cols"), t.argument("m")
		for vectors := 1; vectors <= neonVectors; vectors++ {
			next := fmt.Sprint("above", vectors)
			if vectors < neonVectors {
				v.CMPQ(cols, operand.Imm(uint64(vectors*v.lanes())))
				v.JG(operand.LabelRef(next))
			}
			for rows := neonRows; rows > 1; rows-- {
				v.CMPQ(m, operand.Imm(uint64(rows)))
				v.JEQ(operand.LabelRef(label("tile", rows, vectors)))
			}
			v.JMP(operand.LabelRef(label("tile", 1, vectors)))
			if vectors < neonVectors {
				v.Label(next)
			}
		}
		for vectors := 1; vectors <= neonVectors; vectors++ {
			for rows := neonRows; rows >= 1; rows-- {
				t.tile(rows, vectors)
			}
		}
	}
}

// The widest tile has as many accumulators as leave room for a row of b.
const neonRows, neonVectors = 6, 4

// neonTiler emits one tile product.
type neonTiler struct{ vector }

func (t neonTiler) argument(name string) reg.GPVirtual {
	r := t.GP64()
	t.MOVQ(slot(t.Context, name), r)
	return r
}

// tile emits the loop over tiles of the given shape, and returns.
func (t neonTiler) tile(rows, vectors int) {
	at := func(what string) operand.LabelRef { return operand.LabelRef(label(what, rows, vectors)) }
	t.Label(string(at("tile")))
	acc := make([][]vec, rows)
	for i := range acc {
		for range vectors {
			acc[i] = append(acc[i], t.reg())
		}
	}
	t.eachRow("init", "ldi", "skipi", at, acc, true)

	a, step := t.argument("a"), t.argument("ac")
	b, next := t.argument("b"), t.argument("br")
	count, jump := t.argument("k"), t.argument("jumps")
	index := make([]reg.GPVirtual, rows)
	for i := 1; i < rows; i++ {
		index[i] = t.argument("ar")
		if i > 1 {
			t.ADDQ(index[i-1], index[i])
		}
	}
	// As in gemm: the loop runs k times for each run, of the last k−1 times; then b moves
	// to the last row and it runs once more, when the count passes below zero.
	t.TESTQ(jump, jump)
	t.JNE(at("run"))
	t.Label(string(at("lastrun")))
	t.DECQ(count)
	t.JNZ(at("loop"))
	t.Label(string(at("last")))
	t.MOVQ(slot(t.Context, "last"), b)
	t.Label(string(at("loop")))
	t.products(acc, a, b, index)
	t.ADDQ(step, a)
	t.ADDQ(next, b)
	t.DECQ(count)
	t.JG(at("loop"))
	t.JL(at("done"))
	t.TESTQ(jump, jump)
	t.JE(at("last"))
	distance := t.GP64()
	t.MOVQ(operand.Mem{Base: jump}, distance)
	t.CMPQ(distance, operand.I8(-1))
	t.JE(at("last"))
	t.ADDQ(distance, a)
	t.MOVQ(operand.Mem{Base: jump, Disp: 8}, distance)
	t.ADDQ(distance, b)
	t.ADDQ(operand.Imm(16), jump)
	t.Label(string(at("run")))
	t.MOVQ(slot(t.Context, "k"), count)
	t.MOVQ(operand.Mem{Base: jump}, distance)
	t.CMPQ(distance, operand.I8(-1))
	t.JNE(at("loop"))
	t.JMP(at("lastrun"))

	t.Label(string(at("done")))
	t.eachRow("c", "ldc", "skipc", at, acc, false)
	t.ADDQ(t.argument("pitch"), slot(t.Context, "a"))
	t.DECQ(slot(t.Context, "tiles"))
	t.JNZ(at("tile"))
	t.end()
}

// products adds the products of one column of a with one row of b.
func (t neonTiler) products(acc [][]vec, a, b reg.GPVirtual, index []reg.GPVirtual) {
	row := make([]vec, len(acc[0]))
	for v := range row {
		row[v] = t.reg()
	}
	v := 0
	for ; v+2 <= len(row); v += 2 {
		t.Instruction(neonInstruction("ldp.q", row[v], row[v+1], operand.Mem{Base: b, Disp: v * t.bytes()}))
	}
	if v < len(row) {
		t.Instruction(neonInstruction("ldr.q", row[v], operand.Mem{Base: b, Disp: v * t.bytes()}))
	}
	for i := range acc {
		x, m := t.reg(), operand.Mem{Base: a}
		if i > 0 {
			m.Index, m.Scale = index[i], 1
		}
		t.element(x, m)
		for v := range row {
			t.neonOp("fmla_lane", acc[i][v], row[v], x, operand.U8(0))
		}
	}
}

// element loads one number.
func (v vector) element(x vec, m operand.Mem) {
	if v.double {
		v.VMOVSD(m, x)
	} else {
		v.VMOVSS(m, x)
	}
}

// eachRow loads or stores the rows of the tile in a matrix, of which the last vector may
// be part of one, and moves the matrix on by as many rows and what is skipped.
func (t neonTiler) eachRow(matrix, distance, skip string, at func(string) operand.LabelRef, acc [][]vec, load bool) {
	what := map[bool]string{false: "store", true: "load"}[load]
	whole := (len(acc[0]) - 1) * t.lanes()
	p, d, left := t.argument(matrix), t.argument(distance), t.argument("cols")
	t.SUBQ(operand.Imm(uint64(whole)), left)
	t.CMPQ(left, operand.Imm(uint64(t.lanes())))
	t.JNE(at(what + "part"))
	row := func(part bool) {
		l := t.walk()
		l.part, l.count = part, left
		move := func(x vec, m operand.Mem, some bool) {
			from, to := operand.Op(x), operand.Op(m)
			if load {
				from, to = m, x
			}
			if some {
				l.moveSome(from, to)
			} else {
				t.VMOVUPS(from, to)
			}
		}
		for i := range acc {
			last := len(acc[i]) - 1
			for v, x := range acc[i] {
				move(x, operand.Mem{Base: p, Disp: v * t.bytes()}, part && v == last)
			}
			t.ADDQ(d, p)
		}
	}
	row(false)
	t.JMP(at(what + "ed"))
	t.Label(string(at(what + "part")))
	row(true)
	t.Label(string(at(what + "ed")))
	t.ADDQ(t.argument(skip), p)
	t.MOVQ(p, slot(t.Context, matrix))
}
