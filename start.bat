@echo off
rem start.bat                 the real model, which is downloaded once (880 MB)
rem start.bat demo            the small model that ships with the package
rem start.bat demo --port N   whatever else is said are options of the server

setlocal
chcp 65001 >nul
set "PYTHONUTF8=1"
cd /d "%~dp0"

if exist .venv\Scripts\python.exe goto install
rem Older ones lack what the code uses; for newer ones there is no PyTorch yet.
set "SUPPORTED=import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))"
set "PYTHON="
for %%P in ("py -3" "python" "py -3.14" "py -3.13" "py -3.12" "py -3.11") do call :try %%~P
if defined PYTHON goto environment
echo Error: No Python from 3.11 to 3.14 was found. 1>&2
echo Install Python 3.13 from https://www.python.org/downloads and tick "Add python.exe to PATH". 1>&2
exit /b 1

:environment
echo Making the environment in .venv.
%PYTHON% -m venv .venv
if errorlevel 1 (
    echo Error: %PYTHON% could not make an environment; what stands above says why. 1>&2
    exit /b 1
)

:install
rem What was installed is known by the times and sizes of the files that say what to install.
for %%R in (requirements.txt) do for %%C in (constraints.txt) do for %%P in (pyproject.toml) do set "WANTED=%%~tzR %%~tzC %%~tzP"
set "INSTALLED="
if exist .venv\installed.txt set /p INSTALLED=<.venv\installed.txt
if "%INSTALLED%"=="%WANTED%" goto serve
echo Installing the server and the client; the first time this takes minutes.
.venv\Scripts\python.exe tools\pytorch.py
if errorlevel 1 goto failed
echo Everything else: about 220 MB.
.venv\Scripts\python.exe -m pip install --disable-pip-version-check --quiet -r requirements.txt
if errorlevel 1 goto failed
>.venv\installed.txt echo %WANTED%
goto serve

:failed
echo Error: The installation failed; what stands above says why. Start this again to try once more. 1>&2
exit /b 1

:serve
if not defined VOICECHAT_PORT set "VOICECHAT_PORT=8000"
echo The server starts; Ctrl+C ends it. Unless --port names another port:
echo   http://localhost:%VOICECHAT_PORT%/docs    every HTTP call, to read and to try
echo   http://localhost:%VOICECHAT_PORT%/ready   whether audio would be recognised now
echo   ws://localhost:%VOICECHAT_PORT%/ws        audio in, text out
echo   .venv\Scripts\voicechat-tui replay FILE   recognise a recording, in another window
set "OPTIONS=%*"
if "%~1"=="demo" set "OPTIONS=--model %*"
.venv\Scripts\python.exe main.py %OPTIONS%
exit /b %errorlevel%

:try
if defined PYTHON exit /b
%* -c "%SUPPORTED%" >nul 2>nul
if not errorlevel 1 set "PYTHON=%*"
exit /b
