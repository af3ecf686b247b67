package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// multiplyPairs emits the products by pairs: eight rows and one or two tiles of columns at
// a time, so that 16 sums do not wait for one another.
func (h half) multiplyPairs() {
	const rows, unrolled = 8, 4
	h.Function("multiplyPairs")
	h.Attributes(noSplit)
	h.Pragma("noescape")
	h.SignatureExpr("func(c *byte, cr int, init *byte, ir int, a *byte, ar int, b *byte, depth, groups, width int)")
	h.Doc("multiplyPairs computes c = init + a·b for one panel of 32 columns and so many groups of eight rows, by the",
		"processor's products of pairs. Distances between rows are in bytes. A row of a and the panel have a depth",
		"of so many blocks. If the width is 1, only the first 16 columns are computed.")
	to, toRow := h.load("c", reg.RDI), h.load("cr", reg.R8)
	from, fromRow := h.load("init", reg.RSI), h.load("ir", reg.R9)
	a, ar := h.load("a", reg.RAX), h.load("ar", reg.R10)
	b, ahead, x, depth, left := reg.RBX, reg.R15, reg.RDX, reg.RCX, reg.R14
	third, fifth, seventh := reg.R11, reg.R12, reg.R13
	h.LEAQ(operand.Mem{Base: ar, Index: ar, Scale: 2}, third)
	h.LEAQ(operand.Mem{Base: ar, Index: ar, Scale: 4}, fifth)
	h.LEAQ(operand.Mem{Base: third, Index: ar, Scale: 4}, seventh)
	row := func(i, disp int) operand.Mem {
		m := operand.Mem{Base: x, Disp: disp}
		switch i {
		case 1, 2, 4:
			m.Index, m.Scale = ar, uint8(i)
		case 3, 6:
			m.Index, m.Scale = third, uint8(i/3)
		case 5:
			m.Index, m.Scale = fifth, 1
		case 7:
			m.Index, m.Scale = seventh, 1
		}
		return m
	}
	h.CMPQ(slot(h.Context, "width"), operand.Imm(1))
	h.JEQ(operand.LabelRef(label("group", rows, 1)))
	for width := 2; width >= 1; width-- {
		at := func(what string) string { return label(what, rows, width) }
		sum := func(i, j int) int { return 2*i + j }
		right := func(j int) int { return 2*rows + j }
		left16 := func(i int) int { return 2*rows + 2 + i }
		h.Label(at("group"))
		for i := range rows {
			for j := range width {
				h.VMOVUPS(operand.Mem{Base: from, Disp: 64 * j}, z(sum(i, j)))
			}
			h.ADDQ(fromRow, from)
		}
		// What the next group begins with is on its way when this one ends.
		h.MOVQ(from, x)
		for range rows {
			for j := range width {
				h.PREFETCHT0(operand.Mem{Base: x, Disp: 64 * j})
			}
			h.ADDQ(fromRow, x)
		}
		h.MOVQ(a, x)
		h.load("b", b)
		h.load("depth", depth)
		h.MOVQ(depth, ahead)
		h.SHLQ(operand.Imm(11), ahead)
		h.ADDQ(b, ahead)
		h.Label(at("block"))
		h.MOVQ(operand.U32(16/unrolled), left)
		h.Label(at("pair"))
		for u := range unrolled {
			for j := range width {
				h.VMOVUPS(operand.Mem{Base: b, Disp: 64*u + tileBytes*j}, z(right(j)))
				h.PREFETCHT1(operand.Mem{Base: ahead, Disp: 64*u + tileBytes*j})
			}
			for i := range rows {
				h.VPBROADCASTD(row(i, 4*u), z(left16(i)))
				for j := range width {
					h.addPairs(sum(i, j), left16(i), right(j))
				}
			}
		}
		h.ADDQ(operand.Imm(4*unrolled), x)
		h.ADDQ(operand.U32(64*unrolled), b)
		h.ADDQ(operand.U32(64*unrolled), ahead)
		h.DECQ(left)
		h.JNZ(operand.LabelRef(at("pair")))
		h.ADDQ(operand.U32(blockBytes-tileBytes), b)
		h.ADDQ(operand.U32(blockBytes-tileBytes), ahead)
		h.DECQ(depth)
		h.JNZ(operand.LabelRef(at("block")))
		for i := range rows {
			for j := range width {
				h.VMOVUPS(z(sum(i, j)), operand.Mem{Base: to, Disp: 64 * j})
			}
			h.ADDQ(toRow, to)
		}
		h.LEAQ(operand.Mem{Base: a, Index: ar, Scale: rows}, a)
		h.DECQ(slot(h.Context, "groups"))
		h.JNZ(operand.LabelRef(at("group")))
		if width == 2 {
			h.JMP(operand.LabelRef("end"))
		}
	}
	h.Label("end")
	h.VZEROUPPER()
	h.RET()
}
