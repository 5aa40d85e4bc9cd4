//go:build !purego

#include "textflag.h"

// Two lanes of twelve bytes become two of sixteen, in which every three bytes a, b
// and c stand as b, a, c, b: each half of these holds two of the four sextets.
DATA shuffle<>+0(SB)/8, $0x0405030401020001
DATA shuffle<>+8(SB)/8, $0x0a0b090a07080607
DATA shuffle<>+16(SB)/8, $0x0405030401020001
DATA shuffle<>+24(SB)/8, $0x0a0b090a07080607
GLOBL shuffle<>(SB), RODATA|NOPTR, $32

// The first and third sextet, and what moves them into their bytes: the high half
// of a product.
DATA odd<>+0(SB)/8, $0x0fc0fc000fc0fc00
DATA odd<>+8(SB)/8, $0x0400004004000040
GLOBL odd<>(SB), RODATA|NOPTR, $16

// The second and fourth, by the low half.
DATA even<>+0(SB)/8, $0x003f03f0003f03f0
DATA even<>+8(SB)/8, $0x0100001001000010
GLOBL even<>(SB), RODATA|NOPTR, $16

// What is added to a sextet to make it a letter of the alphabet, by its range: 0
// to 25, 26 to 51, ten times for 52 to 61, 62 and 63.
DATA offsets<>+0(SB)/8, $0xfcfcfcfcfcfc4741
DATA offsets<>+8(SB)/8, $0x0000f0edfcfcfcfc
DATA offsets<>+16(SB)/8, $0xfcfcfcfcfcfc4741
DATA offsets<>+24(SB)/8, $0x0000f0edfcfcfcfc
GLOBL offsets<>(SB), RODATA|NOPTR, $32

DATA bytes<>+0(SB)/8, $0x3333333333333333 // 51
DATA bytes<>+8(SB)/8, $0x1919191919191919 // 25
GLOBL bytes<>(SB), RODATA|NOPTR, $16

// SEXTETS turns 24 bytes in two lanes of in into 32 letters.
#define SEXTETS(in, a, b) \
	VPSHUFB  Y8, in, in  \
	VPAND    Y9, in, a   \
	VPMULHUW Y10, a, a   \
	VPAND    Y11, in, b  \
	VPMULLW  Y12, b, b   \
	VPOR     a, b, in    \
	VPSUBUSB Y13, in, a  \
	VPCMPGTB Y14, in, b  \
	VPSUBB   b, a, a     \
	VPSHUFB  a, Y15, a   \
	VPADDB   in, a, in

// func encodeAVX2(dst, src *byte, n int) int
TEXT ·encodeAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ CX, AX

	VMOVDQU      shuffle<>(SB), Y8
	VPBROADCASTQ odd<>+0(SB), Y9
	VPBROADCASTQ odd<>+8(SB), Y10
	VPBROADCASTQ even<>+0(SB), Y11
	VPBROADCASTQ even<>+8(SB), Y12
	VPBROADCASTQ bytes<>+0(SB), Y13
	VPBROADCASTQ bytes<>+8(SB), Y14
	VMOVDQU      offsets<>(SB), Y15

pair: // a lane is loaded with four bytes more than it needs
	CMPQ        CX, $52
	JLT         single
	VMOVDQU     (SI), X0
	VINSERTI128 $1, 12(SI), Y0, Y0
	VMOVDQU     24(SI), X1
	VINSERTI128 $1, 36(SI), Y1, Y1
	SEXTETS(Y0, Y2, Y3)
	SEXTETS(Y1, Y4, Y5)
	VMOVDQU     Y0, (DI)
	VMOVDQU     Y1, 32(DI)
	ADDQ        $48, SI
	ADDQ        $64, DI
	SUBQ        $48, CX
	JMP         pair

single:
	CMPQ        CX, $28
	JLT         done
	VMOVDQU     (SI), X0
	VINSERTI128 $1, 12(SI), Y0, Y0
	SEXTETS(Y0, Y2, Y3)
	VMOVDQU     Y0, (DI)
	SUBQ        $24, CX

done:
	VZEROUPPER
	SUBQ CX, AX
	MOVQ AX, ret+24(FP)
	RET
