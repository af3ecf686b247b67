package main

import (
	"bytes"
	"fmt"
	"math/bits"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/reg"
)

// addressOf is the sum of the parts of an address: of a base and a distance or of a
// base and an index times a power of two.
const addressOf = "ADDRESS"

// compileARM64 lowers the functions of a file and chooses their registers. General
// registers become R0 to R15, which are free for any use, vectors V0 to V31.
func compileARM64(c *build.Context, file *ir.File) error {
	l := &lowering{Context: c, place: map[string]int{}}
	size := 0
	for _, s := range file.Sections {
		if g, ok := s.(*ir.Global); ok {
			l.place[g.Symbol.Name] = size
			size += g.Size
		}
	}
	return pass.Concat(
		pass.FunctionPass(l.function),
		pass.FunctionPass(pass.PruneJumpToFollowingLabel),
		pass.FunctionPass(pass.PruneDanglingLabels),
		pass.FunctionPass(pass.LabelTarget),
		pass.FunctionPass(pass.CFG),
		pass.FunctionPass(pass.Liveness),
		pass.FunctionPass(coalesce),
		pass.FunctionPass(pass.AllocateRegisters),
		pass.FunctionPass(pass.BindRegisters),
		pass.FunctionPass(pass.VerifyAllocation),
	).Execute(file)
}

// coalesce gives both sides of a copy the same register where they are never needed at
// once, and removes the copy.
func coalesce(f *ir.Function) error {
	all := f.Instructions()
	copies := func(i *ir.Instruction, a, b reg.ID) bool {
		return isCopy(i) && registerID(i.Operands[0]) == a && registerID(i.Operands[1]) == b
	}
	conflict := func(a, b reg.ID) bool {
		for _, i := range all {
			for _, d := range i.OutputRegisters() {
				if d.ID() == a && i.LiveOut[b] != 0 && !copies(i, a, b) || d.ID() == b && i.LiveOut[a] != 0 && !copies(i, b, a) {
					return true
				}
			}
		}
		return false
	}
	removed := map[*ir.Instruction]bool{}
	for _, i := range all {
		if !isCopy(i) {
			continue
		}
		to, from := i.Operands[0].(reg.Register), i.Operands[1].(reg.Register)
		if to.ID() != from.ID() && conflict(to.ID(), from.ID()) {
			continue
		}
		removed[i] = true
		rename(all, to, from)
	}
	kept := f.Nodes[:0]
	for _, n := range f.Nodes {
		if i, ok := n.(*ir.Instruction); !ok || !removed[i] {
			kept = append(kept, n)
		}
	}
	f.Nodes = kept
	return nil
}

func isCopy(i *ir.Instruction) bool { return i.Opcode == "mov.16b" }

func registerID(o operand.Op) reg.ID { return o.(reg.Register).ID() }

// rename makes one register another in all instructions.
func rename(all []*ir.Instruction, from, to reg.Register) {
	replace := func(o operand.Op) operand.Op {
		if r, ok := o.(reg.Register); ok && r.ID() == from.ID() {
			return to
		}
		return o
	}
	for _, i := range all {
		for _, list := range [][]operand.Op{i.Operands, i.Inputs, i.Outputs} {
			for k := range list {
				list[k] = replace(list[k])
			}
		}
		for _, set := range []reg.MaskSet{i.LiveIn, i.LiveOut} {
			if mask, ok := set[from.ID()]; ok {
				set.Discard(from.ID(), mask)
				set.AddRegister(to)
			}
		}
	}
}

// printARM64 returns the text of a file for Go's assembler.
func printARM64(warning string, file *ir.File) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "// %s\n\n", warning)
	tags, err := buildtags.Format(file.Constraints)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&b, "%s\n#include \"textflag.h\"\n", tags)
	size := 0
	for _, s := range file.Sections {
		switch s := s.(type) {
		case *ir.Function:
			fmt.Fprintf(&b, "\n// %s\nTEXT ·%s(SB), %s, $0-%d\n", s.Stub(), s.Name, s.Attributes.Asm(), s.ArgumentBytes())
			for _, n := range s.Nodes {
				printNode(&b, n)
			}
		case *ir.Global:
			b.WriteByte('\n')
			for _, d := range s.Data {
				fmt.Fprintf(&b, "DATA %s<>+%d(SB)/%d, %s\n", tableName, size+d.Offset, d.Value.Bytes(), d.Value.Asm())
			}
			size += s.Size
		}
	}
	if size > 0 {
		fmt.Fprintf(&b, "\nGLOBL %s<>(SB), %s, $%d\n", tableName, readOnly.Asm(), size)
	}
	return b.Bytes(), nil
}

func printNode(b *bytes.Buffer, n ir.Node) {
	switch n := n.(type) {
	case ir.Label:
		fmt.Fprintf(b, "\n%s:\n", n)
	case *ir.Instruction:
		if _, ok := neonCodes[n.Opcode]; ok {
			code, text := word(n)
			fmt.Fprintf(b, "\tWORD $0x%08x // %s\n", code, text)
			return
		}
		name, operands := n.Opcode, n.Operands
		b.WriteByte('\t')
		if name == addressOf {
			fmt.Fprintf(b, "ADD %s, %s\n", sumOf(operands[0].(operand.Mem)), text(operands[1]))
			return
		}
		b.WriteString(name)
		for k, o := range operands {
			if k > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(b, " %s", text(o))
		}
		b.WriteByte('\n')
	}
}

// sumOf writes the sum of the parts of an address.
func sumOf(m operand.Mem) string {
	if m.Index == nil {
		return fmt.Sprintf("$%d, %s", m.Disp, text(m.Base))
	}
	if by := bits.TrailingZeros8(m.Scale); by > 0 {
		return fmt.Sprintf("%s<<%d, %s", text(m.Index), by, text(m.Base))
	}
	return fmt.Sprintf("%s, %s", text(m.Index), text(m.Base))
}

// text writes an operand for Go's assembler.
func text(o operand.Op) string {
	switch o := o.(type) {
	case reg.Register:
		prefix := "R"
		if o.Kind() == reg.KindVector {
			prefix = "F"
		}
		return fmt.Sprint(prefix, number(o))
	case operand.Mem:
		if o.Base == reg.FramePointer {
			return o.Asm()
		}
		if o.Disp == 0 {
			return fmt.Sprintf("(%s)", text(o.Base))
		}
		return fmt.Sprintf("%d(%s)", o.Disp, text(o.Base))
	case operand.Constant:
		return fmt.Sprintf("$%d", o)
	}
	return o.Asm()
}
