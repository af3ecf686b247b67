package main

import "github.com/mmcloughlin/avo/attr"

// noSplit is the attribute of every kernel: none needs more stack than the
// linker grants without a check. readOnly is that of tables.
const (
	noSplit  = attr.NOSPLIT
	readOnly = attr.RODATA | attr.NOPTR
)
