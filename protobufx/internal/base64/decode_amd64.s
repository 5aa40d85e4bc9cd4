//go:build !purego

#include "textflag.h"

// Which letters are none of the alphabet: the entries of a letter's two halves
// have a bit in common.
DATA low<>+0(SB)/8, $0x1111111111111115
DATA low<>+8(SB)/8, $0x1a1b1b1b1a131111
GLOBL low<>(SB), RODATA|NOPTR, $16

DATA high<>+0(SB)/8, $0x0804080402011010
DATA high<>+8(SB)/8, $0x1010101010101010
GLOBL high<>(SB), RODATA|NOPTR, $16

// What is added to a letter to make it a sextet, by its high half; one less for /.
DATA roll<>+0(SB)/8, $0xb9b9bfbf04131000
DATA roll<>+8(SB)/8, $0x0000000000000000
GLOBL roll<>(SB), RODATA|NOPTR, $16

// Four sextets become three bytes: pairs, then both pairs, then their bytes in
// order and without gaps, within a lane and across.
DATA join<>+0(SB)/8, $0x0140014001400140
DATA join<>+8(SB)/8, $0x0001100000011000
GLOBL join<>(SB), RODATA|NOPTR, $16

DATA order<>+0(SB)/8, $0x090a040506000102
DATA order<>+8(SB)/8, $0xffffffff0c0d0e08
GLOBL order<>(SB), RODATA|NOPTR, $16

DATA lanes<>+0(SB)/8, $0x0000000100000000
DATA lanes<>+8(SB)/8, $0x0000000400000002
DATA lanes<>+16(SB)/8, $0x0000000600000005
DATA lanes<>+24(SB)/8, $0x0000000700000007
GLOBL lanes<>(SB), RODATA|NOPTR, $32

DATA slash<>+0(SB)/8, $0x2f2f2f2f2f2f2f2f
GLOBL slash<>(SB), RODATA|NOPTR, $8

// JUDGE puts the high halves of the letters into hi, and into bad what is not
// zero where some letter is none.
#define JUDGE(letters, hi, bad, t) \
	VPSRLD  $4, letters, hi    \
	VPAND   Y8, hi, hi         \
	VPAND   Y8, letters, bad   \
	VPSHUFB bad, Y9, bad       \
	VPSHUFB hi, Y10, t         \
	VPAND   t, bad, bad

// OCTETS turns 32 letters with their high halves into 24 bytes.
#define OCTETS(letters, hi) \
	VPCMPEQB   Y8, letters, Y7     \
	VPADDB     hi, Y7, hi          \
	VPSHUFB    hi, Y11, hi         \
	VPADDB     hi, letters, letters \
	VPMADDUBSW Y12, letters, letters \
	VPMADDWD   Y13, letters, letters \
	VPSHUFB    Y14, letters, letters \
	VPERMD     letters, Y15, letters

// func decodeAVX2(dst, src *byte, n int) int
TEXT ·decodeAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ CX, AX

	VPBROADCASTQ   slash<>(SB), Y8
	VBROADCASTI128 low<>(SB), Y9
	VBROADCASTI128 high<>(SB), Y10
	VBROADCASTI128 roll<>(SB), Y11
	VPBROADCASTQ   join<>+0(SB), Y12
	VPBROADCASTQ   join<>+8(SB), Y13
	VBROADCASTI128 order<>(SB), Y14
	VMOVDQU        lanes<>(SB), Y15

pair: // 8 bytes more are written than are decoded, which 16 more letters make room for
	CMPQ    CX, $80
	JLT     single
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	JUDGE(Y0, Y2, Y4, Y6)
	JUDGE(Y1, Y3, Y5, Y7)
	VPOR    Y4, Y5, Y4
	VPTEST  Y4, Y4
	JNE     single
	OCTETS(Y0, Y2)
	OCTETS(Y1, Y3)
	VMOVDQU Y0, (DI)
	VMOVDQU Y1, 24(DI)
	ADDQ    $64, SI
	ADDQ    $48, DI
	SUBQ    $64, CX
	JMP     pair

single:
	CMPQ    CX, $48
	JLT     done
	VMOVDQU (SI), Y0
	JUDGE(Y0, Y2, Y4, Y6)
	VPTEST  Y4, Y4
	JNE     done
	OCTETS(Y0, Y2)
	VMOVDQU Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $24, DI
	SUBQ    $32, CX
	JMP     single

done:
	VZEROUPPER
	SUBQ CX, AX
	MOVQ AX, ret+24(FP)
	RET
