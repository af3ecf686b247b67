package main

import (
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The instructions on tiles and to bfloat16 that avo lacks, byte by byte.

// Prefixes of opcodes.
const (
	noPrefix = 0
	prefixF3 = 2
	prefixF2 = 3
)

func (h half) bytes(all ...int) {
	for _, b := range all {
		h.Instruction(&ir.Instruction{Opcode: "BYTE", Operands: []operand.Op{operand.U8(b)}})
	}
}

// configure gives the tiles the shapes that are described at p (LDTILECFG).
func (h half) configure(p reg.GPPhysical) { h.memory(noPrefix, 0x49, 0, p, nil, 0) }

// release makes the tiles free (TILERELEASE).
func (h half) release() { h.bytes(0xc4, 0xe2, 0x78, 0x49, 0xc0) }

// tileLoad fills a tile with rows that lie a distance apart (TILELOADD).
func (h half) tileLoad(tile int, p, distance reg.GPPhysical, disp int) {
	h.memory(prefixF2, 0x4b, tile, p, distance, disp)
}

// tileStore is the inverse of tileLoad (TILESTORED).
func (h half) tileStore(tile int, p, distance reg.GPPhysical, disp int) {
	h.memory(prefixF3, 0x4b, tile, p, distance, disp)
}

// tileMultiply adds a·b to tile c (TDPBF16PS).
func (h half) tileMultiply(c, a, b int) {
	h.bytes(0xc4, 0xe2, (^b&15)<<3|prefixF3, 0x5c, 0xc0|c<<3|a)
}

// memory emits an instruction on a tile and memory, whose rows lie a distance apart.
func (h half) memory(prefix, opcode, tile int, p, distance reg.GPPhysical, disp int) {
	base, index := int(p.PhysicalIndex()), 4 // none
	if distance != nil {
		index = int(distance.PhysicalIndex())
	}
	h.bytes(0xc4, 0x80|(^index>>3&1)<<6|(^base>>3&1)<<5|2, 0x78|prefix, opcode,
		0x80|tile<<3|4, (index&7)<<3|base&7, disp&0xff, disp>>8&0xff, disp>>16&0xff, disp>>24&0xff)
}

// convert rounds two vectors of float32 to one of bfloat16 (VCVTNE2PS2BF16).
func (h half) convert(to, high, low int) { h.vectors(prefixF2, 0x72, to, high, low) }

// addPairs adds the products of pairs of bfloat16 to sums, first those of the upper halves
// (VDPBF16PS).
func (h half) addPairs(sum, a, b int) { h.vectors(prefixF3, 0x52, sum, a, b) }

// vectors emits an instruction on three vectors.
func (h half) vectors(prefix, opcode, to, x, y int) {
	h.bytes(0x62, (^to>>3&1)<<7|(^y>>4&1)<<6|(^y>>3&1)<<5|(^to>>4&1)<<4|2,
		(^x&15)<<3|4|prefix, 0x40|(^x>>4&1)<<3, opcode, 0xc0|(to&7)<<3|y&7)
}
