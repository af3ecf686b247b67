// Package checkpoint reads and writes named tensors as safetensors files.
//
// A file is the length n of the header as 8 little-endian bytes, n bytes of
// JSON, and the tensors' elements, little-endian and row-major, without a gap:
//
//	{"__metadata__": {"key": "value", …},
//	 "name": {"dtype": "F32", "shape": [3, 2], "data_offsets": [0, 24]}, …}
//
// Offsets count from the end of the header. The format is the public one of
// Hugging Face, so the Python package reads what is written here and the other
// way round.
//
// Files written here carry two metadata keys more. "format_version" is the
// version of these rules, and "crc32c" is the CRC-32C (Castagnoli), as eight
// lower-case hexadecimal digits, of the whole file from its first byte to its
// last with these digits read as zeros. A file has both keys or neither, so
// that damage to one of them is damage and does not turn the file into one that
// was never protected: a single flipped bit anywhere, and any burst of up to 32
// bits, is found. A file with neither key is foreign; it is read with
// Version 0, and a caller who wants protection refuses that.
//
// Numbers of half precision, F16 and BF16, are read as float32, which holds each
// of them exactly; they are not written. Elements of other types (BOOL, I8 to U32,
// F8, C64 and whatever the format may get) are passed over: the tensor is listed
// with its shape and its type, and File.Tensor refuses it by name.
//
// Metadata are strings under keys of any choice. A program that keeps its own
// keys apart from its users' gives them a prefix.
//
// Read takes hostile input: nothing is allocated before the bytes that need it
// have arrived, every length is checked before it is used, and what the format
// leaves to the reader (duplicate keys, unknown keys, gaps, overlaps, trailing
// bytes) is refused.
package checkpoint
