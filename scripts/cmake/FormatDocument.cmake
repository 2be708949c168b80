# Writes a file as a C array: cmake -DINPUT=docs/FORMAT.md -DOUTPUT=format_document.c -P this
file(READ "${INPUT}" hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n"
                     bytes "${bytes}")
file(WRITE "${OUTPUT}" "#include \"core/format/format_document.h\"\n\n"
     "const unsigned char tj_format_document[] = {\n${bytes}};\n"
     "const size_t tj_format_document_size = ${size};\n")
